import { describe, expect, it } from "vitest";
import type { Contents, KindCount } from "../api/shapes";
import { translate } from "../i18n/text";
import { countOf, keyFigures, kindsOf } from "./contents";

function kind(name: string, count: number): KindCount {
  return { kind: name, name_zh: name, name_en: name, count, placed_count: count, bbox: null };
}

const CITY = {
  groups: [
    { group: "sources", name_zh: "热源", name_en: "Sources", kinds: [kind("plant", 6), kind("boiler_house", 160)] },
    { group: "network", name_zh: "管网", name_en: "Network", kinds: [kind("substation", 3500)] },
    {
      group: "monitoring",
      name_zh: "监测",
      name_en: "Monitoring",
      kinds: [kind("room_sensor", 120_000), kind("camera", 40)],
    },
  ],
  supply_length_m: 10_018_400,
  heat_user_count: 2_612_345,
  heated_area_m2: 214_000_000,
  finding_count: 0,
} as Contents;

const zh = (city: Contents) =>
  Object.fromEntries(
    keyFigures(city, (key, values) => translate("zh", key, values), "zh").map((one) => [one.key, one.value]),
  );

describe("the figures of a city", () => {
  it("carry their unit and add up their kinds", () => {
    expect(zh(CITY)).toEqual({
      sources: "166",
      substations: "3,500",
      supply: "10,018 km",
      users: "2,612,345 户",
      area: "21,400 万 m²",
      monitoring: "120,040",
      findings: "0",
    });
  });

  it("leave out what the seat does not see, and wait for the network check", () => {
    const little = {
      ...CITY,
      groups: [],
      supply_length_m: 0,
      heat_user_count: 0,
      heated_area_m2: 0,
      finding_count: null,
    };
    expect(zh(little)).toEqual({ findings: "…" });
  });

  it("count kinds over all groups", () => {
    expect(kindsOf(CITY)).toHaveLength(5);
    expect(countOf(CITY, ["plant", "camera", "valve"])).toBe(46);
  });
});
