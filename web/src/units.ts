/** The only formatter of numbers, times and ages. A number never stands without its unit. */

export type Lang = "zh" | "en";

const LOCALE = { zh: "zh-CN", en: "en-GB" } as const;
export const MISSING = "—";

export function formatNumber(value: number | null | undefined, digits: number, lang: Lang): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return MISSING;
  return new Intl.NumberFormat(LOCALE[lang], { maximumFractionDigits: digits }).format(value);
}

/** A value with its unit, as `71.5 °C`; `degC` and other names of the wire are shown as people write them. */
export function formatValue(value: number | null | undefined, unit: string, lang: Lang, digits = 2): string {
  const text = formatNumber(value, digits, lang);
  return text === MISSING || unit === "" ? text : `${text} ${unitLabel(unit, lang)}`;
}

const LABELS: Record<string, string> = {
  degC: "°C",
  degc: "°C",
  m2: "m²",
  m3: "m³",
  "m3/h": "m³/h",
  mpa: "MPa",
  MPA: "MPa",
};
const ENGLISH: Record<string, string> = { 户: "users", 栋: "buildings" };

export function unitLabel(unit: string, lang: Lang): string {
  return LABELS[unit] ?? (lang === "en" ? (ENGLISH[unit] ?? unit) : unit);
}

/** Areas from ten thousand square metres on are told in 万 m² in Chinese, from a million on in million m² in English. */
export function formatArea(areaM2: number, lang: Lang): string {
  const [step, name] = lang === "zh" ? [10_000, "万 m²"] : [1_000_000, "million m²"];
  if (areaM2 >= step) return `${formatNumber(areaM2 / step, areaM2 >= 100 * step ? 0 : 2, lang)} ${name}`;
  return formatValue(areaM2, "m2", lang, 0);
}

export function formatLength(lengthM: number, lang: Lang): string {
  const digits = lengthM >= 100_000 ? 0 : 2;
  return lengthM >= 1000 ? formatValue(lengthM / 1000, "km", lang, digits) : formatValue(lengthM, "m", lang, 0);
}

export function formatShare(share: number | null, lang: Lang): string {
  if (share === null) return MISSING;
  return `${formatNumber(share * 100, 1, lang)} %`;
}

/** Age of something: `12 秒`, `3 分`, `2 小时 5 分`, `4 天`. */
export function formatAge(seconds: number, lang: Lang): string {
  const [s, min, h, d] = lang === "zh" ? ["秒", "分", "小时", "天"] : ["s", "min", "h", "d"];
  if (seconds < 60) return `${seconds} ${s}`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} ${min}`;
  if (seconds >= 86_400) return `${Math.floor(seconds / 86_400)} ${d}`;
  const minutes = Math.floor((seconds % 3600) / 60);
  return minutes === 0 ? `${Math.floor(seconds / 3600)} ${h}` : `${Math.floor(seconds / 3600)} ${h} ${minutes} ${min}`;
}

export function formatDate(ms: number, zone: string, lang: Lang): string {
  const date = { year: "numeric", month: "2-digit", day: "2-digit" } as const;
  return new Intl.DateTimeFormat(LOCALE[lang], { timeZone: zone, ...date }).format(ms);
}

/** Date and time in the city's zone. */
export function formatTime(ms: number, zone: string, lang: Lang, withDate = true): string {
  const time = { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false } as const;
  const date = withDate ? ({ year: "numeric", month: "2-digit", day: "2-digit" } as const) : {};
  return new Intl.DateTimeFormat(LOCALE[lang], { timeZone: zone, ...date, ...time }).format(ms);
}
