import type { Answer } from "../api/shapes";
import type { TextKey, Translate } from "../i18n/text";
import type { Lang } from "../units";
import { attributeText } from "./attributes";

export type Rows = Answer<"/registers/{register}", "get">;
export type Row = Rows["items"][number];

/** Register of the rows that hang on an asset, by the asset's kind. */
export const REGISTER_OF: Readonly<Record<string, string>> = {
  building: "heat_user",
  village: "household",
  district: "retrofit_project",
  zone: "retrofit_project",
};

/** Attributes shown under a row's name. */
const DETAILS: Readonly<Record<string, readonly string[]>> = {
  heat_user: ["heated_area_m2"],
  household: ["retrofit_type", "installed_year"],
  retrofit_project: ["technical_type", "stage"],
};

/** Whether a heat user uses heat (用热), has it stopped (停热) or is off the network (拆网). */
export function heatState(values: Row["attributes"]): TextKey {
  if (values.connected === false) return "register.off";
  return values.heating === false ? "register.stopped" : "register.heating";
}

/** Rows by what matters most of them, the most frequent first. */
export function rowsByState(rows: Rows, lang: Lang, t: Translate): [label: string, count: number][] {
  const sums = new Map<string, number>();
  for (const { values, row_count } of rows.counts) {
    const label =
      rows.kind === "heat_user" ? t(heatState(values)) : valueText(rows, Object.keys(values)[0] ?? "", values, lang);
    sums.set(label, (sums.get(label) ?? 0) + row_count);
  }
  return [...sums].sort((a, b) => b[1] - a[1]);
}

/** Name of a row: entrance and door of a heat user, the name of others. */
export function rowTitle(rows: Rows, row: Row, t: Translate): string {
  const { unit, door } = row.attributes;
  if (rows.kind === "heat_user" && !row.masked && unit && door)
    return t("register.door", { unit: String(unit), door: String(door) });
  return row.name || row.code;
}

export function rowDetails(rows: Rows, row: Row, lang: Lang): string[] {
  return (DETAILS[rows.kind] ?? []).map((name) => valueText(rows, name, row.attributes, lang));
}

function valueText(rows: Rows, name: string, values: Row["attributes"], lang: Lang): string {
  const column = rows.columns.find((each) => each.name === name);
  const value = values[name] ?? null;
  const meaning = column?.codes[String(value)] ?? "";
  return attributeText({ name, label_zh: column?.label_zh ?? name, value, unit: column?.unit ?? "", meaning }, lang);
}
