import type { AirHours, Temperatures } from "../api/rolloutLive";
import { formatDate, formatNumber, formatTime, type Lang } from "../units";
import type { ChartOption } from "./chart";

const AXIS = { axisLabel: { color: "#9fb6cc", fontSize: 11, hideOverlap: true }, axisTick: { show: false } } as const;

/** Groups in the order of their lines; they differ by dashes and symbols as well as by colour. */
export const GROUPS = [
  ["monitored", "#38bdf8", "solid", "circle"],
  ["control", "#fdba74", "dashed", "rect"],
  ["insulated", "#a3e635", "solid", "triangle"],
  ["outdoor", "#cbd5e1", "dotted", "diamond"],
] as const;
export type Group = (typeof GROUPS)[number][0];

interface Shown {
  zone: string;
  lang: Lang;
}

/** Hourly temperatures of the groups over a day. */
export function roomsOption(hours: Temperatures["items"], names: Record<Group, string>, shown: Shown): ChartOption {
  return {
    animation: false,
    aria: { enabled: true },
    grid: { left: 4, right: 10, top: 12, bottom: 2, containLabel: true },
    tooltip: {
      trigger: "axis",
      confine: true,
      valueFormatter: (value) => `${formatNumber(value as number, 1, shown.lang)} ℃`,
    },
    xAxis: { type: "category", data: hours.map(({ hour_at }) => clock(hour_at, shown)), ...AXIS },
    yAxis: { type: "value", scale: true, ...AXIS, splitLine: { lineStyle: { color: "#1c3757" } } },
    series: GROUPS.map(([group, color, type, symbol]) => ({
      type: "line" as const,
      name: names[group],
      data: hours.map((hour) => hour[`${group}_degc`]),
      symbol,
      symbolSize: 6,
      lineStyle: { color, width: 2, type },
      itemStyle: { color },
    })),
  };
}

/** Hourly means of a pollutant. */
export function airOption(hours: AirHours["items"], name: string, shown: Shown): ChartOption {
  return {
    animation: false,
    aria: { enabled: true },
    grid: { left: 4, right: 10, top: 12, bottom: 2, containLabel: true },
    tooltip: {
      trigger: "axis",
      confine: true,
      valueFormatter: (value) => `${formatNumber(value as number, 1, shown.lang)} µg/m³`,
    },
    xAxis: { type: "category", data: hours.map(({ hour_at }) => clock(hour_at, shown)), ...AXIS },
    yAxis: { type: "value", min: 0, ...AXIS, splitLine: { lineStyle: { color: "#1c3757" } } },
    series: [
      {
        type: "line",
        name,
        data: hours.map(({ value }) => value),
        symbol: "circle",
        symbolSize: 5,
        lineStyle: { color: "#c4b5fd", width: 2 },
        itemStyle: { color: "#c4b5fd" },
        areaStyle: { color: "#c4b5fd", opacity: 0.12 },
      },
    ],
  };
}

function clock(at: string, { zone, lang }: Shown): string {
  const ms = Date.parse(at);
  const hour = formatTime(ms, zone, lang, false).slice(0, 5);
  return hour === "00:00" ? `${formatDate(ms, zone, lang)} ${hour}` : hour;
}
