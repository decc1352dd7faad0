/** What the panels beside the map of the rollout show: pure, of the figures that the server answers. */

import type { AreaFigures, FigureDefinition, Part } from "../api/rolloutFigures";
import { formatArea, formatNumber, formatShare, formatTime, formatValue, type Lang } from "../units";
import { FORMULAS_ZH, SOURCES_ZH, SUBSCRIPTS, UNITS_EN } from "./rolloutWords";

export type Definitions = ReadonlyMap<string, FigureDefinition>;
export type Values = Readonly<Record<string, number | null>>;

const YUAN_STEPS = [
  [100_000_000, "亿元"],
  [10_000, "万元"],
] as const;

/** Money in 亿元 or 万元, in English in million yuan. */
export function formatMoney(yuan: number, lang: Lang): string {
  if (lang === "en") return `${formatNumber(yuan / 1_000_000, 2, lang)} million CNY`;
  const [step, name] = YUAN_STEPS.find(([least]) => Math.abs(yuan) >= least) ?? [1, "元"];
  return `${formatNumber(yuan / step, 2, lang)} ${name}`;
}

/** A value with its unit; null where nothing is known, which is never shown as 0. */
export function figureText(value: number | null | undefined, definition: FigureDefinition | undefined, lang: Lang) {
  if (value === null || value === undefined || definition === undefined) return null;
  const { unit, decimals } = definition;
  if (unit === "1") return formatShare(value, lang);
  if (unit === "m²") return formatArea(value, lang);
  if (unit === "元") return formatMoney(value, lang);
  return formatValue(value, lang === "en" ? (UNITS_EN[unit] ?? unit) : unit, lang, decimals);
}

/** The name of a figure: Chinese as it is defined, English from its name without the unit that ends it. */
export function figureName(definition: FigureDefinition, lang: Lang): string {
  if (lang === "zh") return definition.name_zh;
  const words = definition.name.replace(/_(m2|cny|tce|t|kw|mw)$/, "").split("_");
  const text = words.map((word) => SUBSCRIPTS[word] ?? word).join(" ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The formula in the names of the figures that people see. */
export function formulaText(definition: FigureDefinition, definitions: Definitions, lang: Lang): string {
  if (lang === "en") return definition.formula;
  const given = FORMULAS_ZH[definition.name] ?? definition.formula;
  return given
    .replace(/[a-z][a-z0-9]*(_[a-z0-9]+)+/g, (name) => definitions.get(name)?.name_zh ?? name)
    .replaceAll(" / ", " ÷ ")
    .replaceAll(" x ", " × ");
}

export function sourceText(definition: FigureDefinition, lang: Lang): string {
  return lang === "zh" ? (SOURCES_ZH[definition.source] ?? definition.source) : definition.source;
}

/** What areas are ranked by: a figure, and the two figures that its bar compares; `low`: the lowest stands first. */
export interface Ranking {
  name: string;
  whole?: string;
  part?: string;
  low?: true;
}

export const RANKINGS: readonly Ranking[] = [
  { name: "completion_rate", whole: "target_household_count", part: "finished_count" },
  { name: "clean_heating_rate", whole: "heated_area_m2", part: "clean_area_m2" },
  { name: "household_coverage_rate", whole: "resident_household_count", part: "clean_household_count" },
  { name: "payment_rate", whole: "planned_cny", part: "paid_cny" },
  { name: "satisfaction" },
  { name: "ticket_count", low: true },
];

export function rankingOf(text: string | undefined): Ranking {
  return RANKINGS.find(({ name }) => name === text) ?? (RANKINGS[0] as Ranking);
}

/** How far a village or township is fitted out, of the households that its register plans. */
export const INSTALLATION: Ranking = { name: "installation_rate", whole: "household_count", part: "finished_count" };

export interface Ranked {
  area: AreaFigures;
  /** From 1 on; areas of one value share a place; null without a value. */
  place: number | null;
  value: number | null;
  whole: number | null;
  part: number | null;
}

const MONEY = ["central", "local", "company"] as const;
export type MoneySource = (typeof MONEY)[number];
export const MONEY_SOURCES: readonly MoneySource[] = MONEY;

/** A figure, or the sum over the three sources of money for `planned_cny` and `paid_cny`. */
export function figureValue(figures: Values, name: string | undefined): number | null {
  if (name === undefined) return null;
  if (name !== "planned_cny" && name !== "paid_cny") return figures[name] ?? null;
  const step = name === "planned_cny" ? "planned" : "paid";
  const given = MONEY.map((source) => figures[`${step}_${source}_cny`] ?? null).filter((one) => one !== null);
  return given.length === 0 ? null : given.reduce((sum, one) => sum + one, 0);
}

/** Areas in their order by a figure; those of which nothing is known stand last and have no place. */
export function ranked(areas: readonly AreaFigures[], by: Ranking): Ranked[] {
  const rows = areas.map((area) => ({
    area,
    value: figureValue(area.figures, by.name),
    whole: figureValue(area.figures, by.whole),
    part: figureValue(area.figures, by.part),
  }));
  const sign = by.low ? 1 : -1;
  rows.sort((a, b) => {
    if (a.value === null || b.value === null) return Number(a.value === null) - Number(b.value === null);
    return sign * (a.value - b.value) || a.area.area_id - b.area.area_id;
  });
  const values = rows.map(({ value }) => value);
  return rows.map((row) => ({ ...row, place: row.value === null ? null : values.indexOf(row.value) + 1 }));
}

export const ENERGY_NAMES = ["electric", "biomass", "solar"] as const;
export type Energy = (typeof ENERGY_NAMES)[number];

/** Which of the three energies a device type of the tender is: nine electric, four biomass, four solar. */
export function energyOf(type: string): Energy | null {
  if (type.startsWith("太阳能")) return "solar";
  if (type.startsWith("颗粒炉") || type.startsWith("秸秆炉")) return "biomass";
  if (type.startsWith("热泵") || type.startsWith("蓄热式电暖气")) return "electric";
  return null;
}

export interface RingGroup {
  energy: Energy | null;
  count: number;
  types: readonly Part[];
}

/** Device types under their energy, finished households counted; types of no known energy are a group of their own. */
export function ringOf(parts: readonly Part[]): RingGroup[] {
  const groups = [...ENERGY_NAMES, null].map((energy) => {
    const types = parts.filter((part) => energyOf(part.key) === energy && part.row_count > 0);
    return { energy, types, count: types.reduce((sum, part) => sum + part.row_count, 0) };
  });
  return groups.filter(({ count }) => count > 0);
}

export const CLEAN_ENERGIES = ["heat", "electric", "air", "biomass", "gas", "solar"] as const;
export type CleanEnergy = (typeof CLEAN_ENERGIES)[number];

/** Clean area by energy with its share of the clean area; null values stay null. */
export function energyShares(figures: Values): { energy: CleanEnergy; area: number | null; share: number | null }[] {
  const areas = CLEAN_ENERGIES.map((energy) => ({ energy, area: figures[`clean_${energy}_m2`] ?? null }));
  const whole = areas.reduce((sum, { area }) => sum + (area ?? 0), 0);
  return areas.map((one) => ({ ...one, share: one.area === null || whole <= 0 ? null : one.area / whole }));
}

export interface Supplier {
  name: string;
  households: number;
  share: number | null;
  tickets: number | null;
  /** Mean of the scores 1..5 that households gave; null without an answer. */
  score: number | null;
  answers: number;
}

/** Suppliers with their share of the finished households and their mean score, the largest first. */
export function suppliersOf(parts: readonly Part[], scores: readonly Part[]): Supplier[] {
  const whole = parts.reduce((sum, { row_count }) => sum + row_count, 0);
  const scored = new Map(scores.map((one) => [one.key, one]));
  return parts.map((part) => {
    const told = scored.get(part.key);
    const answers = told?.row_count ?? 0;
    const points = told?.amount ?? null;
    return {
      name: part.key,
      households: part.row_count,
      share: whole > 0 ? part.row_count / whole : null,
      tickets: part.done,
      score: answers > 0 && points !== null ? points / answers : null,
      answers,
    };
  });
}

/** Share of a kind of project that is done, by its scale; null without a scale. */
export function doneShare(part: Part): number | null {
  return part.done === null || part.amount === null || part.amount <= 0 ? null : part.done / part.amount;
}

export interface MoneyNode {
  source: MoneySource;
  /** Null where no project says. */
  planned: number | null;
  paid: number | null;
  areas: { area_id: number; name: string; planned: number; paid: number }[];
}

/** Money by source and, inside, by area, as planned and as paid. */
export function moneyTree(areas: readonly AreaFigures[]): MoneyNode[] {
  return MONEY.map((source) => {
    const sum = (step: "planned" | "paid") => {
      const given = areas.map(({ figures }) => figures[`${step}_${source}_cny`] ?? null).filter((one) => one !== null);
      return given.length === 0 ? null : given.reduce((total, one) => total + one, 0);
    };
    const rows = areas.map(({ area_id, name, figures }) => ({
      area_id,
      name,
      planned: figures[`planned_${source}_cny`] ?? 0,
      paid: figures[`paid_${source}_cny`] ?? 0,
    }));
    const known = rows.filter(({ planned, paid }) => planned > 0 || paid > 0);
    return { source, planned: sum("planned"), paid: sum("paid"), areas: known };
  });
}

/** An area id of an address; null for none, 0 for the city. */
export function areaId(text: string | undefined): number | null {
  const value = Number(text);
  return text === undefined || !Number.isInteger(value) || value < 0 ? null : value;
}

/** The kind of areas inside one of a kind; null where there are none. */
export const INSIDE: Readonly<Record<string, "district" | "township" | "village" | null>> = {
  city: "district",
  district: "township",
  zone: null,
  township: "village",
  village: null,
};

const MONTH = /^\d{4}-\d{2}$/;

/** Clean-heating rate by month over all regions that were reported; a month that heats nothing has none. */
export function monthCourse(
  reports: readonly Readonly<Record<string, unknown>>[],
): { label: string; target: null; present: number | null }[] {
  const sums = new Map<string, { clean: number; heated: number }>();
  for (const report of reports) {
    const month = String(report.month ?? "");
    const heated = report.heated_area_m2;
    if (!MONTH.test(month) || typeof heated !== "number") continue;
    const sum = sums.get(month) ?? { clean: 0, heated: 0 };
    const areas = CLEAN_ENERGIES.map((energy) => report[`clean_${energy}_m2`]).filter((one) => typeof one === "number");
    sums.set(month, { clean: sum.clean + areas.reduce((a, b) => a + b, 0), heated: sum.heated + heated });
  }
  const months = [...sums].sort(([a], [b]) => a.localeCompare(b));
  return months.map(([label, { clean, heated }]) => ({
    label,
    target: null,
    present: heated > 0 ? clean / heated : null,
  }));
}

/** Attributes shown under a row of a list, in their order. */
const LISTED: Readonly<Record<string, readonly string[]>> = {
  households: ["village_code", "retrofit_type", "install_state", "installed_year", "floor_area_m2", "supplier"],
  tickets: ["ticket_kind", "fault_kind", "reported_at", "resolved_at", "supplier", "household_code"],
};

interface Column {
  name: string;
  type: string;
  unit: string;
  codes: Readonly<Record<string, string>>;
}

/** A code's meaning, given as `中文 English`, in one language. */
export function codeText(meaning: string, lang: Lang): string {
  const [chinese = "", ...english] = meaning.split(" ");
  return lang === "zh" ? chinese : english.join(" ");
}

/** What a row of a list says under its name; codes in words, times in the city's zone; what is not known left out. */
export function cellText(
  list: string,
  attributes: Readonly<Record<string, unknown>>,
  columns: readonly Column[],
  lang: Lang,
  zone: string,
): string {
  return (LISTED[list] ?? [])
    .map((name) => {
      const value = attributes[name];
      if (value === null || value === undefined || value === "") return "";
      const column = columns.find((one) => one.name === name);
      const meaning = column?.codes[String(value)];
      if (meaning !== undefined) return codeText(meaning, lang);
      const at = column?.type === "datetime" ? Date.parse(String(value)) : Number.NaN;
      if (Number.isFinite(at)) return formatTime(at, zone, lang);
      return typeof value === "number" && column !== undefined && column.unit !== ""
        ? formatValue(value, column.unit, lang, 1)
        : String(value);
    })
    .filter((text) => text !== "")
    .join(" · ");
}
