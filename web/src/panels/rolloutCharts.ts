/** Options of the rollout's charts: pure, so that what a chart shows can be tested without drawing it. */

import type {
  BarSeriesOption,
  LineSeriesOption,
  PieSeriesOption,
  RadarSeriesOption,
  TreemapSeriesOption,
} from "echarts/charts";
import type {
  AriaComponentOption,
  GridComponentOption,
  LegendComponentOption,
  RadarComponentOption,
  TooltipComponentOption,
} from "echarts/components";
import type { ComposeOption } from "echarts/core";
import type { Part } from "../api/rolloutFigures";
import { AREA_COLOURS, OTHER_COLOUR } from "../layers/palette";
import { formatNumber, formatShare, type Lang } from "../units";
import { type CleanEnergy, doneShare, type Energy, formatMoney, type MoneyNode, type RingGroup } from "./rollout";

export type RolloutOption = ComposeOption<
  | BarSeriesOption
  | LineSeriesOption
  | PieSeriesOption
  | RadarSeriesOption
  | TreemapSeriesOption
  | AriaComponentOption
  | GridComponentOption
  | LegendComponentOption
  | RadarComponentOption
  | TooltipComponentOption
>;

/** What all charts of a page share: its language and the size of its texts in pixels. */
export interface Look {
  lang: Lang;
  textPx: number;
}

const TEXT = "#e2eefa";
const DIM = "#9fb6cc";
const LINE = "#2b4a6e";
const GROUND = "#0d1d31";
const TARGET = "#fbbf24";
const DONE = "#22d3ee";

/** The colours that the map gives the same things. */
export const ENERGY_COLOURS: Readonly<Record<Energy, string>> = {
  electric: "#38bdf8",
  biomass: "#a3e635",
  solar: "#fbbf24",
};
export const CLEAN_COLOURS: Readonly<Record<CleanEnergy, string>> = {
  heat: "#fb923c",
  electric: "#38bdf8",
  air: "#a78bfa",
  biomass: "#a3e635",
  gas: "#f0abfc",
  solar: "#fde047",
};
const MONEY_COLOURS = { central: "#38bdf8", local: "#34d399", company: "#a78bfa" } as const;

export function colourOf(index: number): string {
  return AREA_COLOURS[index % AREA_COLOURS.length] ?? OTHER_COLOUR;
}

function common({ textPx }: Look): Pick<RolloutOption, "animation" | "aria" | "textStyle" | "tooltip"> {
  return {
    animation: false,
    aria: { enabled: true },
    textStyle: { color: TEXT, fontSize: textPx },
    tooltip: { trigger: "item", confine: true, textStyle: { fontSize: textPx } },
  };
}

export interface Slice {
  name: string;
  value: number;
  colour: string;
}

/** Shares as a ring; values stand in the list beside it. */
export function pieOption(slices: readonly Slice[], look: Look): RolloutOption {
  return {
    ...common(look),
    series: [
      {
        type: "pie",
        radius: ["45%", "92%"],
        stillShowZeroSum: false,
        label: { show: false },
        itemStyle: { borderColor: GROUND, borderWidth: 1 },
        data: slices.map(({ name, value, colour }) => ({ name, value, itemStyle: { color: colour } })),
      },
    ],
  };
}

/**
 * The inner ring is the three energies, the outer one their device types, each inside the arc of its energy; types are
 * `named` beside it where there is room.
 */
export function ringOption(
  groups: readonly RingGroup[],
  name: (energy: Energy | null) => string,
  look: Look,
  named = true,
): RolloutOption {
  const colour = (energy: Energy | null) => (energy === null ? OTHER_COLOUR : ENERGY_COLOURS[energy]);
  return {
    ...common(look),
    series: [
      {
        type: "pie",
        radius: named ? ["0%", "46%"] : ["0%", "62%"],
        label: { position: "inner", color: "#04121f", fontSize: look.textPx, formatter: "{b}\n{d}%" },
        labelLine: { show: false },
        itemStyle: { borderColor: GROUND, borderWidth: 2 },
        data: groups.map(({ energy, count }) => ({
          name: name(energy),
          value: count,
          itemStyle: { color: colour(energy) },
        })),
      },
      {
        type: "pie",
        radius: named ? ["50%", "68%"] : ["66%", "94%"],
        label: { show: named, color: TEXT, fontSize: look.textPx - 2 },
        labelLine: { show: named, length: 8, length2: 6 },
        labelLayout: { hideOverlap: true },
        itemStyle: { borderColor: GROUND, borderWidth: 1 },
        data: groups.flatMap(({ energy, types }) =>
          types.map(({ key, row_count }, i) => ({
            name: key,
            value: row_count,
            itemStyle: { color: colour(energy), opacity: 1 - (0.55 * i) / Math.max(1, types.length) },
          })),
        ),
      },
    ],
  };
}

/** How far each technical type of project has come, against all of its scale. */
export function radarOption(
  parts: readonly Part[],
  names: { target: string; done: string },
  look: Look,
): RolloutOption {
  const shown = parts.filter((part) => doneShare(part) !== null);
  const percent = shown.map((part) => Math.round(1000 * (doneShare(part) ?? 0)) / 10);
  return {
    ...common(look),
    legend: { bottom: 0, textStyle: { color: DIM, fontSize: look.textPx } },
    radar: {
      radius: "62%",
      center: ["50%", "48%"],
      indicator: shown.map(({ key }) => ({ name: key, max: Math.max(100, ...percent) })),
      axisName: {
        color: TEXT,
        fontSize: look.textPx,
        formatter: (name) => (name ?? "").replace(/(.{6})(?=.)/g, "$1\n"),
      },
      splitLine: { lineStyle: { color: LINE } },
      splitArea: { show: false },
      axisLine: { lineStyle: { color: LINE } },
    },
    series: [
      {
        type: "radar",
        data: [
          {
            name: names.target,
            value: shown.map(() => 100),
            itemStyle: { color: TARGET },
            lineStyle: { color: TARGET, type: "dashed" },
          },
          {
            name: names.done,
            value: percent,
            itemStyle: { color: DONE },
            lineStyle: { color: DONE },
            areaStyle: { color: DONE, opacity: 0.3 },
          },
        ],
      },
    ],
  };
}

/** Money by source and, inside, by area; the area of a tile is what is planned, its brightness what is paid of it. */
export function moneyOption(
  tree: readonly MoneyNode[],
  name: (source: MoneyNode["source"]) => string,
  look: Look,
): RolloutOption {
  const share = (paid: number, planned: number) => (planned > 0 ? paid / planned : 0);
  return {
    ...common(look),
    tooltip: { ...common(look).tooltip, valueFormatter: (value) => formatMoney(Number(value), look.lang) },
    series: [
      {
        type: "treemap",
        roam: false,
        nodeClick: false,
        breadcrumb: { show: false },
        left: 0,
        right: 0,
        top: 0,
        bottom: 0,
        label: { fontSize: look.textPx, color: "#04121f", overflow: "truncate" },
        upperLabel: { show: true, height: look.textPx * 1.8, color: TEXT, fontSize: look.textPx },
        levels: [
          { itemStyle: { gapWidth: 4, borderWidth: 0, borderColor: GROUND }, upperLabel: { show: false } },
          { itemStyle: { gapWidth: 1, borderWidth: 2, borderColor: LINE } },
        ],
        data: tree
          .filter(({ planned }) => (planned ?? 0) > 0)
          .map(({ source, planned, paid, areas }) => ({
            name: `${name(source)} ${paid === null ? "" : formatShare(share(paid, planned ?? 0), look.lang)}`,
            value: planned ?? 0,
            itemStyle: { color: MONEY_COLOURS[source] },
            children: areas
              .filter((one) => one.planned > 0)
              .map((one) => ({
                name: `${one.name} ${formatShare(share(one.paid, one.planned), look.lang)}`,
                value: one.planned,
                itemStyle: {
                  color: MONEY_COLOURS[source],
                  opacity: 0.35 + 0.65 * Math.min(1, share(one.paid, one.planned)),
                },
              })),
          })),
      },
    ],
  };
}

/** One point of a course: null leaves a gap, it is no 0. */
export interface Point {
  label: string;
  target: number | null;
  present: number | null;
}

/** Present values as bars (counts) or as a line (`share`: 0..1), targets as a dashed line. */
export function courseOption(
  points: readonly Point[],
  names: { target: string; present: string },
  share: boolean,
  look: Look,
): RolloutOption {
  const text = (value: unknown) =>
    typeof value !== "number" ? "—" : share ? formatShare(value, look.lang) : formatNumber(value, 0, look.lang);
  const targets = points.map(({ target }) => target);
  const present = points.map((point) => point.present);
  return {
    ...common(look),
    tooltip: {
      trigger: "axis",
      confine: true,
      textStyle: { fontSize: look.textPx },
      valueFormatter: (value) => text(value),
    },
    legend: { top: 0, textStyle: { color: DIM, fontSize: look.textPx } },
    grid: { left: 4, right: 8, top: look.textPx * 2.4, bottom: 4, containLabel: true },
    xAxis: {
      type: "category",
      data: points.map(({ label }) => label),
      axisLabel: { color: DIM, fontSize: look.textPx },
      axisLine: { lineStyle: { color: LINE } },
    },
    yAxis: {
      type: "value",
      min: 0,
      ...(share ? { max: 1 } : {}),
      axisLabel: { color: DIM, fontSize: look.textPx, formatter: (value: number) => text(value) },
      splitLine: { lineStyle: { color: "#173252" } },
    },
    series: [
      ...(share
        ? [{ type: "line" as const, name: names.present, data: present, itemStyle: { color: DONE } }]
        : [{ type: "bar" as const, name: names.present, data: present, barMaxWidth: 36, itemStyle: { color: DONE } }]),
      ...(targets.every((value) => value === null)
        ? []
        : [
            {
              type: "line" as const,
              name: names.target,
              data: targets,
              itemStyle: { color: TARGET },
              lineStyle: { type: "dashed" as const },
            },
          ]),
    ],
  };
}
