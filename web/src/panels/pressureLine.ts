/** The pressure line (水压图) as a chart; pure. */

import type { Lang } from "../units";
import type { ChartOption } from "./chart";
import type { LinePoint } from "./whatIf";

export type LineName = "supply" | "return" | "static" | "ground" | "boiling" | "before";

const COLOURS: Record<LineName, string> = {
  supply: "#f59e0b",
  return: "#38bdf8",
  static: "#a3e635",
  ground: "#a8a29e",
  boiling: "#e879f9",
  before: "#78716c",
};

type Sample = [number, number | null];

/** One line of the chart: distance in km, head in metres. */
export function samplesOf(points: readonly LinePoint[], of: (point: LinePoint) => number | null): Sample[] {
  return points.flatMap((point): Sample[] => (point.distance_m === null ? [] : [[point.distance_m / 1000, of(point)]]));
}

/** The ground where it is known, the pipe's axis elsewhere. */
export function groundOf(point: LinePoint): number | null {
  return point.ground_m ?? point.axis_m;
}

function line(name: LineName, label: string, data: Sample[], dashed = false) {
  return {
    type: "line" as const,
    name: label,
    data,
    showSymbol: false,
    lineStyle: {
      color: COLOURS[name],
      width: name === "ground" ? 1.2 : 1.8,
      type: dashed ? ("dashed" as const) : ("solid" as const),
    },
    itemStyle: { color: COLOURS[name] },
    ...(name === "ground" ? { areaStyle: { color: COLOURS[name], opacity: 0.18 }, smooth: false } : {}),
  };
}

export function pressureOption(
  points: readonly LinePoint[],
  before: readonly LinePoint[],
  labels: Record<LineName | "distance" | "head", string>,
  lang: Lang,
): ChartOption {
  const round = new Intl.NumberFormat(lang === "zh" ? "zh-CN" : "en-GB", { maximumFractionDigits: 1 });
  const heads = [...points, ...before].flatMap((point) => [groundOf(point), point.supply_m, point.return_m]);
  const known = heads.filter((head): head is number => head !== null);
  const low = known.length === 0 ? 0 : Math.floor(Math.min(...known) / 10) * 10 - 10;
  const was =
    before.length === 0
      ? []
      : [
          line(
            "before",
            labels.before,
            samplesOf(before, (point) => point.supply_m),
            true,
          ),
          line(
            "before",
            labels.before,
            samplesOf(before, (point) => point.return_m),
            true,
          ),
        ];
  return {
    animation: false,
    aria: { enabled: true },
    grid: { left: 44, right: 16, top: 28, bottom: 34 },
    tooltip: {
      trigger: "axis",
      confine: true,
      valueFormatter: (value) => (typeof value === "number" ? `${round.format(value)} m` : "—"),
    },
    xAxis: {
      type: "value",
      name: labels.distance,
      nameLocation: "middle",
      nameGap: 20,
      nameTextStyle: { color: "#9fb6cc" },
      // the end of the line is no round number
      axisLabel: { color: "#9fb6cc", showMaxLabel: false },
      splitLine: { lineStyle: { color: "#1d3552" } },
      max: "dataMax",
    },
    yAxis: {
      type: "value",
      name: labels.head,
      min: low,
      nameTextStyle: { color: "#9fb6cc" },
      axisLabel: { color: "#9fb6cc" },
      splitLine: { lineStyle: { color: "#1d3552" } },
    },
    series: [
      line("ground", labels.ground, samplesOf(points, groundOf)),
      line(
        "boiling",
        labels.boiling,
        samplesOf(points, (point) => point.boiling_m),
        true,
      ),
      line(
        "static",
        labels.static,
        samplesOf(points, (point) => point.static_m),
        true,
      ),
      line(
        "supply",
        labels.supply,
        samplesOf(points, (point) => point.supply_m),
      ),
      line(
        "return",
        labels.return,
        samplesOf(points, (point) => point.return_m),
      ),
      ...was,
    ],
  };
}
