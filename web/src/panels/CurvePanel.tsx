import { Segmented, Select } from "antd";
import { useState } from "react";
import { alarms } from "../api/alarmDesk";
import type { Filled, FillMethod, QualityMarks } from "../api/records";
import type { Alarm } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { worstByAsset } from "../layers/alarms";
import { CURVE_SPANS, type CurveLine, type CurveSpan, currentCity } from "../state/app";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import { formatAge, formatTime, formatValue, type Lang } from "../units";
import { useChart } from "./chart";
import { type AlarmSpan, curveOption, pointName } from "./curveChart";
import { type Reasons, reasonsOf, withReasons } from "./marks";
import { Panel } from "./Panel";
import { RemoteNote } from "./RemoteNote";
import { usePolled } from "./usePolled";

const MOST_ALARMS = 100;
const LONGEST_MARKED_MS = 31 * 86_400_000;
const MARKS_EVERY_MS = 60_000;
const LONGEST_HOLE_S = 86_400;
const FILLS: readonly FillMethod[] = ["interpolate", "last", "mean", "median", "mode", "profile"];

/** Readings of the selected asset, one point at a time, over minutes to a season. */
export default function CurvePanel() {
  const t = useText();
  const { controller } = useParts();
  const lang = useApp((state) => state.view.lang);
  const curve = useApp((state) => state.curve);
  const span = useApp((state) => state.curveSpan);
  const alarmPoint = useApp((state) => pointInAlarm(arrived(state.alarms) ?? [], state.view.selected));
  const wanted = useApp((state) => state.view.work.point ?? null);
  const [chosen, setChosen] = useState<string | null>(null);
  const [method, setMethod] = useState<FillMethod | null>(null);
  if (curve.state === "idle") return null;
  const lines = curve.state === "ready" ? curve.value.lines : [];
  const line = chooseLine(lines, chosen ?? wanted ?? alarmPoint);
  const select = line !== undefined && (
    <Select
      size="small"
      className="point-select"
      popupMatchSelectWidth={false}
      aria-label={t("curve.point")}
      value={line.name}
      options={lines.map((item) => ({ value: item.name, label: pointName(item, lang) }))}
      onChange={setChosen}
    />
  );
  const spans = (Object.keys(CURVE_SPANS) as CurveSpan[]).map((value) => ({ value, label: t(`curve.span.${value}`) }));
  return (
    <Panel title={t("curve.title")} className="curve" extra={select}>
      <RemoteNote remote={curve} />
      {curve.state === "ready" && lines.length === 0 && <p className="empty">{t("curve.none")}</p>}
      {line !== undefined && (
        <>
          <div className="curve-spans">
            <Segmented
              size="small"
              aria-label={t("curve.span")}
              value={span}
              options={spans}
              onChange={(value) => controller.setCurveSpan(value)}
            />
            <Select
              size="small"
              className="fill-select"
              popupMatchSelectWidth={false}
              aria-label={t("curve.fill")}
              value={method ?? "none"}
              options={(["none", ...FILLS] as const).map((value) => ({ value, label: t(`curve.fill.${value}`) }))}
              onChange={(value) => setMethod(FILLS.find((one) => one === value) ?? null)}
            />
            <span>
              {line.every_s === 0 ? t("curve.single") : t("curve.every", { every: stepText(line.every_s, lang) })}
            </span>
          </div>
          {line.at.length === 0 ? (
            <p className="empty">{t("curve.empty")}</p>
          ) : (
            <CurveChart line={line} method={method} />
          )}
        </>
      )}
    </Panel>
  );
}

/** Length of a bucket as it is spoken of: `10 分`, `1 小时`, `1 天`. */
function stepText(everyS: number, lang: Lang): string {
  // a day is told as a day, as `formatAge` does from two days on
  return everyS === 86_400 ? (lang === "zh" ? "1 天" : "1 d") : formatAge(everyS, lang);
}

/** Point of the most urgent alarm of an asset. */
function pointInAlarm(alarms: readonly Alarm[], assetId: number | null): string | null {
  return worstByAsset(alarms).find((alarm) => alarm.asset_id === assetId)?.point ?? null;
}

/** The wanted line, else the first one that holds a value, else the first. */
export function chooseLine(lines: readonly CurveLine[], wanted: string | null): CurveLine | undefined {
  const filled = lines.find((item) => item.values.some((value) => value !== null));
  return lines.find((item) => item.name === wanted) ?? filled ?? lines[0];
}

function CurveChart({ line: plain, method }: { line: CurveLine; method: FillMethod | null }) {
  const t = useText();
  const filled = useFilled(plain, method);
  const reasons = useReasons(plain);
  const line = withReasons(plain, reasons);
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "Asia/Shanghai");
  const alarms = useSpans(line);
  const ref = useChart(curveOption(line, { lang, zone, t, reasons, filled, alarms }));
  const worst = [...reasons.values()].at(-1);
  return (
    <>
      <div
        ref={ref}
        className="chart"
        data-every={line.every_s}
        data-points={line.at.length}
        data-flagged={reasons.size}
        data-alarms={alarms.length}
        data-filled={filled?.observed_at.length ?? 0}
        data-corrected={line.corrections?.length ?? 0}
      />
      {worst !== undefined && (
        <p className="bad-value">
          {formatTime(worst.observed_at, zone, lang)} ·{" "}
          {t("curve.worst", {
            value: formatValue(worst.value, worst.unit, lang),
            source: worst.source,
            why: lang === "zh" ? worst.why_zh : worst.why_en,
          })}
        </p>
      )}
    </>
  );
}

/** Values that stand in for the missing ones of a line; asked for only where somebody wants them. */
function useFilled(line: CurveLine, method: FillMethod | null): Filled | null {
  const { desk } = useParts();
  const asset = useApp((state) => state.view.selected);
  const [first, last] = [line.at[0] ?? 0, line.at.at(-1) ?? 0];
  const filter = {
    from: first,
    to: last + Math.max(line.every_s * 1000, 1),
    points: line.name,
    every: line.every_s === 0 ? "raw" : String(line.every_s),
    fill: method,
    fill_gap_s: LONGEST_HOLE_S,
  };
  const wanted = method !== null && asset !== null && line.at.length > 0;
  const ask = () => (wanted ? desk.filled(asset, filter) : Promise.resolve(null));
  const found = usePolled(`filled ${asset} ${JSON.stringify(filter)}`, MARKS_EVERY_MS, ask);
  return found.state === "ready" ? found.value : null;
}

/** Alarms at the point of a line, open and past. */
function useSpans(line: CurveLine): readonly AlarmSpan[] {
  const asset = useApp((state) => state.view.selected);
  const city = useApp((state) => state.view.city ?? 1);
  const found = usePolled(`alarms of ${asset}`, MARKS_EVERY_MS, () =>
    asset === null
      ? Promise.resolve({ items: [], total: 0 })
      : alarms({ city, asset, state: "all", limit: MOST_ALARMS }),
  );
  if (found.state !== "ready") return [];
  return found.value.items
    .filter((alarm) => alarm.point === line.name && !line.total)
    .map((alarm) => ({
      limit: alarm.limit_value,
      from: Date.parse(alarm.raised_at),
      to: alarm.cleared_at === null ? null : Date.parse(alarm.cleared_at),
    }));
}

/** Why rules of data quality flag values of a line; of a month at most, as the server answers no more. */
function useReasons(line: CurveLine): Reasons {
  const { desk } = useParts();
  const asset = useApp((state) => state.view.selected);
  const first = line.at[0] ?? 0;
  const last = (line.at.at(-1) ?? 0) + Math.max(line.every_s * 1000, 1);
  const short = asset !== null && line.at.length > 0 && last - first <= LONGEST_MARKED_MS;
  const filter = { asset, from: first, to: last };
  const ask = () =>
    short
      ? desk.qualityMarks(filter)
      : Promise.resolve<QualityMarks>({ asset_id: asset ?? 0, marks: [], truncated: false });
  const found = usePolled(`marks ${asset} ${first} ${last}`, MARKS_EVERY_MS, ask);
  const marks = found.state === "ready" ? found.value.marks : [];
  return reasonsOf(line, marks);
}
