import type { CoursePoint } from "../api/records";
import { useText } from "../i18n/hooks";
import { currentCity } from "../state/app";
import { useApp } from "../state/context";
import { formatShare, formatTime, type Lang } from "../units";
import { type ChartOption, useChart } from "./chart";

/** Arrival, in-time and good rate over the hours. */
export default function ArrivalCourse({ course }: { course: readonly CoursePoint[] }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "Asia/Shanghai");
  const names = [t("arrivals.rate"), t("arrivals.inTime"), t("arrivals.good")] as const;
  const ref = useChart(courseOption(course, names, zone, lang));
  return <div ref={ref} className="arrival-course" role="img" aria-label={t("arrivals.course")} />;
}

export function courseOption(
  course: readonly CoursePoint[],
  names: readonly [string, string, string],
  zone: string,
  lang: Lang,
): ChartOption {
  const share = (value: number | null) => (value === null ? null : value);
  const columns = [
    [names[0], course.map((point) => share(point.arrival_rate)), "#38bdf8", "solid"],
    [names[1], course.map((point) => share(point.in_time_rate)), "#facc15", "dashed"],
    [names[2], course.map((point) => share(point.good_rate)), "#a3e635", "dotted"],
  ] as const;
  return {
    animation: false,
    aria: { enabled: true },
    grid: { left: 4, right: 10, top: 10, bottom: 2, containLabel: true },
    tooltip: { trigger: "axis", confine: true, valueFormatter: (value) => formatShare(Number(value), lang) },
    xAxis: {
      type: "category",
      data: course.map((point) => formatTime(point.at_ms, zone, lang, false).slice(0, 5)),
      axisLabel: { color: "#9fb6cc", fontSize: 11, hideOverlap: true },
      axisTick: { show: false },
      axisLine: { lineStyle: { color: "#2b4a6e" } },
    },
    yAxis: {
      type: "value",
      min: 0,
      max: 1,
      interval: 0.5,
      axisLabel: { color: "#9fb6cc", fontSize: 11, formatter: (value: number) => `${value * 100}%` },
      splitLine: { lineStyle: { color: "#1c3757" } },
    },
    series: columns.map(([name, data, color, type]) => ({
      type: "line" as const,
      name,
      data,
      symbol: "circle",
      symbolSize: 4,
      showSymbol: course.length < 3,
      lineStyle: { color, width: 2, type },
      itemStyle: { color },
    })),
  };
}
