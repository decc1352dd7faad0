import { describe, expect, it } from "vitest";
import { en } from "./en";
import { kindName, translate } from "./text";
import { zh } from "./zh";

const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

describe("texts", () => {
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
