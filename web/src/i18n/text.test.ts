import { describe, expect, it } from "vitest";
import { en } from "./en";
import { kindName, translate } from "./text";
import { zh } from "./zh";

const PARTS = import.meta.glob<Record<string, Record<string, string>>>(["./zh/*.ts", "./en/*.ts", "!**/index.ts"], {
  eager: true,
});
const keysOf = (lang: string) =>
  Object.entries(PARTS).flatMap(([path, part]) =>
    path.startsWith(`./${lang}/`) ? Object.keys(Object.values(part)[0] ?? {}) : [],
  );
const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

describe("texts", () => {
  it.each(["zh", "en"])("stand once each in the parts of %s, with the same keys in all languages", (lang) => {
    const keys = keysOf(lang).sort();
    expect(keys).toEqual([...new Set(keys)]);
    expect(keys).toEqual(Object.keys(zh).sort());
    expect(keys).toEqual(Object.keys(en).sort());
  });

  it.each(Object.keys(zh) as (keyof typeof zh)[])("%s has the same places in both languages", (key) => {
    expect(en[key]).not.toBe("");
    expect(places(en[key])).toEqual(places(zh[key]));
  });

  it("fill their places and leave unknown ones visible", () => {
    expect(translate("zh", "alarm.level", { level: 1 })).toBe("1 级");
    expect(translate("en", "alarm.level")).toBe("Level {level}");
  });

  it("name kinds they do not know by the server's word", () => {
    expect(kindName("zh", "heat_pump", "热泵")).toBe("热泵");
    expect(kindName("en", "heat_pump", "热泵")).toBe("heat pump");
  });
});
