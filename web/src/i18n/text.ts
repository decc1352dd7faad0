import { en } from "./en";
import { type TextKey, zh } from "./zh";

export type { TextKey };
export type Values = Record<string, string | number>;
export type Translate = (key: TextKey, values?: Values) => string;

const TEXTS = { zh, en } as const;

/** Return a text with its `{places}` filled. */
export function translate(lang: "zh" | "en", key: TextKey, values: Values = {}): string {
  return TEXTS[lang][key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Return the name of an asset kind; `fallback` (the server's Chinese name) where the page has none. */
export function kindName(lang: "zh" | "en", kind: string, fallback = kind): string {
  const key = `kind.${kind}`;
  return key in zh ? translate(lang, key as TextKey) : lang === "zh" ? fallback : kind.replaceAll("_", " ");
}

/** Return the name of a tileset. */
export function tilesetName(lang: "zh" | "en", tileset: string): string {
  const key = `tileset.${tileset}`;
  return key in zh ? translate(lang, key as TextKey) : tileset;
}

/** Return the name of a group of rules. */
export function groupName(lang: "zh" | "en", group: string): string {
  const key = `group.${group}`;
  return key in zh ? translate(lang, key as TextKey) : group.replaceAll("_", " ");
}
