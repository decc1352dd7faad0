import type { LineSeriesOption } from "echarts/charts";
import type { Filled } from "../api/records";
import type { useText } from "../i18n/hooks";
import type { CurveLine } from "../state/app";
import { formatDate, formatNumber, formatTime, type Lang, unitLabel } from "../units";
import type { ChartOption } from "./chart";
import type { Reasons } from "./marks";

/** QARTOD flags up to this one count: good and not evaluated. */
const WORST_THAT_COUNTS = 2;
/** From this flag on a value is filled. */
const FAILED = 4;
const LINE = "#22d3ee";
const BAD = "#8493a6";
/** A value that a rule of data quality flags (异常项标红). */
const FLAGGED = "#ef4444";
const FILLED = "#fbbf77";
const CORRECTED = "#34d399";
const TWO_DAYS_MS = 2 * 86_400_000;

type Pair = [number, number | null];

export interface Words {
  lang: Lang;
  zone: string;
  t: ReturnType<typeof useText>;
  /** Why rules of data quality flag values, by time. */
  reasons?: Reasons;
  /** Values that stand in for missing ones. */
  filled?: Filled | null;
  /** Alarms at this point: their limits are drawn, and the times they were open are red. */
  alarms?: readonly AlarmSpan[];
}

export interface AlarmSpan {
  limit: number;
  from: number;
  /** null: still open. */
  to: number | null;
}

const ALARM = "#ef4444";

/** Limits as lines, and the spans of alarms in red behind the curve; only what lies within the times shown. */
export function alarmMarks(
  line: CurveLine,
  { alarms, lang, t }: Words,
): Pick<LineSeriesOption, "markLine" | "markArea"> {
  const [first, last] = [line.at[0], line.at.at(-1)];
  if (alarms === undefined || first === undefined || last === undefined) return {};
  const within = alarms.filter(({ from, to }) => from <= last && (to ?? Number.POSITIVE_INFINITY) >= first);
  if (within.length === 0) return {};
  const limits = [...new Set(within.map(({ limit }) => limit))];
  const words = (limit: number) =>
    t("alarm-desk.limit", { value: `${formatNumber(limit, 3, lang)} ${unitLabel(line.unit, lang)}` });
  return {
    markLine: {
      silent: true,
      symbol: "none",
      lineStyle: { color: ALARM, type: "dashed" },
      label: { color: ALARM, position: "insideEndTop", formatter: ({ value }) => words(Number(value)) },
      data: limits.map((limit) => ({ yAxis: limit })),
    },
    markArea: {
      silent: true,
      itemStyle: { color: ALARM, opacity: 0.22 },
      data: within.map(({ from, to }) => [{ xAxis: Math.max(from, first) }, { xAxis: Math.min(to ?? last, last) }]),
    },
  };
}

export function pointName(line: CurveLine, lang: Lang): string {
  return lang === "zh" && line.label_zh !== "" ? line.label_zh : line.name.replaceAll("_", " ");
}

/** What a line shows of each time: the value, or of a register's bucket what it has risen by. */
export function shownValues(line: CurveLine): (number | null)[] {
  return line.total && line.increase !== null ? line.increase : line.values;
}

/**
 * Values to draw in full colour, and those in grey: of single readings a bad one leaves a gap in the line; a bucket whose mean
 * is made of good values stays in it and is marked.
 */
export function byQuality(line: CurveLine): { good: Pair[]; bad: Pair[] } {
  const values = shownValues(line);
  const isBad = line.at.map((_, i) => (line.quality[i] ?? 9) > WORST_THAT_COUNTS);
  return {
    good: line.at.map((ms, i) => [ms, isBad[i] && line.every_s === 0 ? null : (values[i] ?? null)]),
    bad: line.at.flatMap((ms, i) => (isBad[i] && values[i] != null ? [[ms, values[i] as number] as Pair] : [])),
  };
}

/** The same with a gap put in where buckets are missing: silence is no straight line. */
export function withGaps(samples: readonly Pair[], everyS: number): Pair[] {
  if (everyS === 0) return [...samples];
  // a day with a change of clocks is an hour longer
  const longest = everyS * 1000 + 3_600_001 * (everyS >= 86_400 ? 1 : 0);
  return samples.flatMap((sample, i) => {
    const next = samples[i + 1];
    return next !== undefined && next[0] - sample[0] > longest ? [sample, [sample[0] + everyS * 1000, null]] : [sample];
  });
}

export function curveOption(line: CurveLine, words: Words): ChartOption {
  const unit = unitLabel(line.unit, words.lang);
  const first = line.at[0] ?? 0;
  const long = (line.at.at(-1) ?? 0) - first > TWO_DAYS_MS;
  return {
    animation: false,
    aria: { enabled: true },
    grid: { left: 8, right: 12, top: 26, bottom: 4, containLabel: true },
    tooltip: { trigger: "axis", confine: true, formatter: (shown) => tooltip(line, at(shown), words) },
    xAxis: {
      type: "time",
      axisLabel: {
        color: "#9fb6cc",
        hideOverlap: true,
        formatter: (ms: number) => (long ? day(ms, words) : formatTime(ms, words.zone, words.lang, false).slice(0, 5)),
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
    series: seriesOf(line, words),
  };
}

function seriesOf(line: CurveLine, words: Words): NonNullable<ChartOption["series"]> {
  const { t, reasons } = words;
  const { good, bad } = byQuality(line);
  const told = (pair: Pair) => reasons?.has(pair[0]) ?? false;
  const grey = dots(
    t("curve.bad"),
    BAD,
    bad.filter((pair) => !told(pair)),
  );
  const beside = [...besides(line, words), dots(t("curve.rule"), FLAGGED, bad.filter(told))];
  if (line.total && line.increase !== null) {
    const bars = {
      type: "bar" as const,
      name: t("curve.increase"),
      data: good,
      itemStyle: { color: LINE },
      barMaxWidth: 10,
    };
    return [bars, grey, ...beside];
  }
  const curve = {
    type: "line" as const,
    name: line.every_s === 0 ? t("curve.value") : t("curve.mean"),
    // a line needs two points; a single reading is shown as a dot
    showSymbol: line.at.length < 3,
    data: withGaps(good, line.every_s),
    lineStyle: { color: LINE, width: 1.8 },
    itemStyle: { color: LINE },
    ...alarmMarks(line, words),
  };
  return [...band(line, t("curve.range")), curve, grey, ...beside];
}

function dots(name: string, color: string, data: Pair[]): LineSeriesOption {
  return {
    type: "line",
    name,
    data,
    lineStyle: { opacity: 0 },
    itemStyle: { color },
    symbol: "circle",
    symbolSize: 5,
    showSymbol: true,
  };
}

/** What stands beside the readings: filled values as dashes, corrections by hand as dots. Of a register's buckets neither. */
function besides(line: CurveLine, { t, filled }: Words): LineSeriesOption[] {
  if (line.total && line.increase !== null) return [];
  const found: LineSeriesOption[] = [];
  if (filled != null) {
    found.push({
      type: "line",
      name: t("curve.filled"),
      data: dashes(line, filled),
      showSymbol: filled.observed_at.length < 3,
      lineStyle: { color: FILLED, width: 1.5, type: "dashed" },
      itemStyle: { color: FILLED },
    });
  }
  const corrected = (line.corrections ?? []).map((one): Pair => [one.observed_at, one.value]);
  return [...found, dots(t("curve.corrected"), CORRECTED, corrected)];
}

/** Filled values with the good values on both sides of each hole, so that the dashes meet the line, and a gap between two holes. */
export function dashes(line: CurveLine, filled: Filled): Pair[] {
  const values = new Map(filled.observed_at.map((at, i) => [at, filled.values[i] ?? null] as const));
  const good = line.at.flatMap((at, i): Pair[] =>
    line.values[i] != null && (line.quality[i] ?? 9) < FAILED && !values.has(at) ? [[at, line.values[i]]] : [],
  );
  const all = [...good, ...[...values].map(([at, value]): Pair => [at, value])].sort((a, b) => a[0] - b[0]);
  return all.flatMap((pair, i): Pair[] => {
    if (values.has(pair[0])) return [pair];
    const [before, after] = [values.has(all[i - 1]?.[0] ?? -1), values.has(all[i + 1]?.[0] ?? -1)];
    if (before && after) return [pair];
    if (before) return [pair, [pair[0], null]];
    return after ? [pair] : [];
  });
}

/** Least to greatest value: an unseen line with the spread stacked on it. */
function band(line: CurveLine, name: string): LineSeriesOption[] {
  const { min, max } = line;
  if (min === null || max === null) return [];
  const low = line.at.map((ms, i): Pair => [ms, min[i] ?? null]);
  const spread = line.at.map((ms, i): Pair => [ms, max[i] != null && min[i] != null ? max[i] - min[i] : null]);
  const unseen = {
    type: "line" as const,
    name,
    stack: "range",
    stackStrategy: "all" as const,
    symbol: "none",
    silent: true,
  };
  return [
    { ...unseen, data: withGaps(low, line.every_s), lineStyle: { opacity: 0 } },
    {
      ...unseen,
      data: withGaps(spread, line.every_s),
      lineStyle: { opacity: 0 },
      areaStyle: { color: LINE, opacity: 0.22 },
    },
  ];
}

function at(shown: unknown): number {
  const one = (Array.isArray(shown) ? shown[0] : shown) as { value?: Pair } | undefined;
  return one?.value?.[0] ?? 0;
}

/** Text of one time; numbers and words of the catalogue only, so nothing of a sender is read as HTML. */
export function tooltip(line: CurveLine, ms: number, { lang, zone, t, reasons, filled }: Words): string {
  const i = line.at.indexOf(ms);
  const unit = unitLabel(line.unit, lang);
  const number = (value: number | null | undefined) => `${formatNumber(value, 3, lang)} ${unit}`;
  const rows = [formatTime(ms, zone, lang)];
  const hole = filled?.observed_at.indexOf(ms) ?? -1;
  if (hole >= 0) rows.push(`${t("curve.filled")} ${number(filled?.values[hole])}`);
  const corrected = line.corrections?.find((one) => one.observed_at === ms);
  if (corrected !== undefined) rows.push(`${t("curve.corrected")} ${number(corrected.value)}`);
  if (i < 0) return rows.join("<br>");
  if (line.every_s === 0) rows.push(number(line.values[i]));
  else if (line.total) rows.push(`${t("curve.increase")} ${number(line.increase?.[i])}`, number(line.values[i]));
  else {
    rows.push(`${t("curve.mean")} ${number(line.values[i])}`);
    rows.push(`${t("curve.range")} ${formatNumber(line.min?.[i], 3, lang)}～${number(line.max?.[i])}`);
  }
  if (line.count !== null) rows.push(t("curve.count", { count: line.count[i] ?? 0 }));
  if ((line.quality[i] ?? 9) > WORST_THAT_COUNTS) rows.push(t("curve.bad"));
  const why = reasons?.get(ms);
  if (why !== undefined) rows.push(escaped(lang === "zh" ? why.why_zh : why.why_en));
  return rows.join("<br>");
}

/** A formula of a rule is text that somebody wrote. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function day(ms: number, { lang, zone }: Words): string {
  const text = formatDate(ms, zone, lang);
  return lang === "zh" ? text.slice(5) : text.slice(0, 5);
}
