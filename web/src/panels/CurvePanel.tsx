import { Select } from "antd";
import { useState } from "react";
import type { Alarm } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { worstByAsset } from "../layers/alarms";
import { type Curve, currentCity } from "../state/app";
import { useApp } from "../state/context";
import { arrived } from "../state/remote";
import { formatTime, type Lang, unitLabel } from "../units";
import { type ChartOption, useChart } from "./chart";
import { Panel } from "./Panel";
import { RemoteNote } from "./RemoteNote";

/** Recent readings of the selected asset, one point at a time. */
export default function CurvePanel() {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const curve = useApp((state) => state.curve);
  const alarmPoint = useApp((state) => pointInAlarm(arrived(state.alarms) ?? [], state.view.selected));
  const [chosen, setChosen] = useState<string | null>(null);
  if (curve.state === "idle" || curve.state === "failed") return null;
  const lines = curve.state === "ready" ? curve.value.lines : [];
  const line = chooseLine(lines, chosen ?? alarmPoint);
  const select = line !== undefined && (
    <Select
      size="small"
      className="point-select"
      aria-label={t("curve.point")}
      value={line.name}
      options={lines.map((item) => ({ value: item.name, label: pointName(item, lang) }))}
      onChange={setChosen}
    />
  );
  return (
    <Panel title={t("curve.title")} className="curve" extra={select}>
      <RemoteNote remote={curve} />
      {curve.state === "ready" && lines.length === 0 && <p className="empty">{t("curve.none")}</p>}
      {line !== undefined && <CurveChart line={line} />}
    </Panel>
  );
}

function pointName(line: Curve["lines"][number], lang: Lang): string {
  return lang === "zh" && line.label_zh !== "" ? line.label_zh : line.name.replaceAll("_", " ");
}

/** Point of the most urgent alarm of an asset. */
function pointInAlarm(alarms: readonly Alarm[], assetId: number | null): string | null {
  return worstByAsset(alarms).find((alarm) => alarm.asset_id === assetId)?.point ?? null;
}

/** The wanted line, else the first one that holds a value, else the first. */
export function chooseLine(lines: Curve["lines"], wanted: string | null): Curve["lines"][number] | undefined {
  const filled = lines.find((item) => item.samples.some(([, value]) => value !== null));
  return lines.find((item) => item.name === wanted) ?? filled ?? lines[0];
}

function CurveChart({ line }: { line: Curve["lines"][number] }) {
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "Asia/Shanghai");
  const ref = useChart(curveOption(line, lang, zone));
  return <div ref={ref} className="chart" />;
}

export function curveOption(line: Curve["lines"][number], lang: Lang, zone: string): ChartOption {
  const unit = unitLabel(line.unit, lang);
  return {
    animation: false,
    aria: { enabled: true },
    grid: { left: 44, right: 12, top: 26, bottom: 24 },
    tooltip: { trigger: "axis", valueFormatter: (value) => `${String(value)} ${unit}` },
    xAxis: {
      type: "time",
      axisLabel: {
        color: "#9fb6cc",
        hideOverlap: true,
        formatter: (ms: number) => formatTime(ms, zone, lang, false).slice(0, 5),
      },
    },
    yAxis: {
      type: "value",
      scale: true,
      name: unit,
      nameTextStyle: { color: "#9fb6cc" },
      axisLabel: { color: "#9fb6cc" },
      splitLine: { lineStyle: { color: "#1d3552" } },
    },
    series: [
      {
        type: "line",
        name: pointName(line, lang),
        // a line needs two points; a single reading is shown as a dot
        showSymbol: line.samples.length < 3,
        data: line.samples,
        lineStyle: { color: "#22d3ee", width: 1.8 },
        itemStyle: { color: "#22d3ee" },
      },
    ],
  };
}
