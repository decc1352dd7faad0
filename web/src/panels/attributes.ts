import type { Asset } from "../api/shapes";
import { formatArea, formatLength, formatValue, type Lang, MISSING, unitLabel } from "../units";

export type Attribute = Asset["attributes"][number];

/** Codes mean "中文 English": the half of the page's language is shown. */
export function meaningIn(lang: Lang, meaning: string): string {
  const at = meaning.indexOf(" ");
  if (at < 0) return meaning;
  return lang === "zh" ? meaning.slice(0, at) : meaning.slice(at + 1);
}

/** The value of an attribute as people read it. */
export function attributeText(item: Attribute, lang: Lang): string {
  const { value, unit } = item;
  if (value === null || value === undefined || value === "") return MISSING;
  if (item.meaning) return meaningIn(lang, item.meaning);
  if (typeof value === "boolean") return value ? "✓" : "✗";
  // years and other whole numbers without unit are names, not amounts
  if (typeof value !== "number" || unit === "")
    return unit === "" ? String(value) : `${value} ${unitLabel(unit, lang)}`;
  if (item.name === "dn") return `DN${value}`;
  if (unitLabel(unit, lang) === "m²") return formatArea(value, lang);
  if (unit === "m" && value >= 1000) return formatLength(value, lang);
  return formatValue(value, unit, lang);
}

/** Attribute names end in their unit, which stands behind the value: `design_power_mw` reads "design power". */
export function nameInEnglish(name: string): string {
  return name.replace(/_(mm|m2|m|mw|degc|mpa)$/, "").replaceAll("_", " ");
}
