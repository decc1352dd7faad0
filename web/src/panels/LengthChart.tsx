import type { LengthRow } from "../api/records";
import { useText } from "../i18n/hooks";
import { AREA_COLOURS } from "../layers/palette";
import { useApp } from "../state/context";
import { formatValue, type Lang } from "../units";
import { type ChartOption, useChart } from "./chart";
import { type Breakdown, rowLabel, tablesOf } from "./lengths";

const ROW_PX = 22;

/** Lengths as bars, longest class first as in the table. */
export default function LengthChart({ rows, by }: { rows: readonly LengthRow[]; by: Breakdown }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const shown = barsOf(rows, by);
  const ref = useChart(lengthOption(shown, lang));
  return (
    <div
      ref={ref}
      className="bars-chart"
      role="img"
      aria-label={t("statistics.chart")}
      style={{ height: shown.length * ROW_PX + 34 }}
    />
  );
}

/** What stands in the chart: every row that has a length, without the totals that hold others. */
export function barsOf(rows: readonly LengthRow[], by: Breakdown): LengthRow[] {
  return tablesOf(rows)
    .flatMap((table) => table.rows)
    .filter((row) => (row.supply_km ?? 0) > 0 && row.band !== "renewed" && (by === "class" || row.band !== "total"));
}

export function lengthOption(rows: readonly LengthRow[], lang: Lang): ChartOption {
  const classes = [...new Set(rows.map((row) => row.class))];
  const upwards = [...rows].reverse();
  return {
    animation: false,
    aria: { enabled: true },
    grid: { left: 4, right: 64, top: 4, bottom: 4, containLabel: true },
    tooltip: { trigger: "axis", valueFormatter: (value) => formatValue(Number(value), "km", lang, 3) },
    xAxis: { type: "value", show: false },
    yAxis: {
      type: "category",
      data: upwards.map((row) => rowLabel(row, lang)),
      axisLabel: { color: "#9fb6cc", width: 170, overflow: "truncate" },
      axisTick: { show: false },
      axisLine: { lineStyle: { color: "#2b4a6e" } },
    },
    series: [
      {
        type: "bar",
        data: upwards.map((row) => ({
          value: row.supply_km,
          itemStyle: { color: AREA_COLOURS[classes.indexOf(row.class) % AREA_COLOURS.length] as string },
        })),
        barMaxWidth: 14,
        label: {
          show: true,
          position: "right",
          color: "#e2eefa",
          formatter: ({ value }) => formatValue(Number(value), "km", lang, 1),
        },
      },
    ],
  };
}
