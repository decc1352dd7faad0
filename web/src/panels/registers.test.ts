import { describe, expect, it } from "vitest";
import { translate } from "../i18n/text";
import { heatState, type Row, type Rows, rowDetails, rowsByState, rowTitle } from "./registers";

const t = translate.bind(null, "zh");
const COLUMNS = [
  { name: "heated_area_m2", label_zh: "供热面积", type: "number", unit: "m²", codes: {}, personal: false },
  {
    name: "energy_type",
    label_zh: "能源类型",
    type: "code",
    unit: "",
    codes: { solar: "太阳能 solar" },
    personal: false,
  },
];

function rows(kind: string, counts: Rows["counts"]): Rows {
  return { kind, name_zh: "", name_en: "", total: 0, columns: COLUMNS, items: [], counts } as Rows;
}

function row(attributes: Row["attributes"], more: Partial<Row> = {}): Row {
  return { row_id: 1, code: "B1-2-1203", name: "", masked: false, attributes, ...more } as Row;
}

describe("the state of a heat user", () => {
  it("is off the network before it is stopped", () => {
    expect(heatState({ connected: false, heating: false })).toBe("register.off");
    expect(heatState({ connected: true, heating: false })).toBe("register.stopped");
    expect(heatState({ connected: true, heating: true })).toBe("register.heating");
  });
});

describe("the counts of a register", () => {
  it("are summed by state for heat users", () => {
    const counted = rows("heat_user", [
      { values: { connected: true, heating: true, resident: true }, row_count: 7 },
      { values: { connected: false, heating: false, resident: true }, row_count: 9 },
      { values: { connected: true, heating: true, resident: false }, row_count: 5 },
    ]);
    expect(rowsByState(counted, "zh", t)).toEqual([
      ["用热", 12],
      ["拆网", 9],
    ]);
  });

  it("are summed by the first counted attribute for others, in words of the page's language", () => {
    const counted = rows("household", [
      { values: { energy_type: "solar", retrofit_type: "a" }, row_count: 2 },
      { values: { energy_type: "solar", retrofit_type: "b" }, row_count: 1 },
    ]);
    expect(rowsByState(counted, "zh", t)).toEqual([["太阳能", 3]]);
    expect(rowsByState(counted, "en", t)).toEqual([["solar", 3]]);
  });
});

describe("a row", () => {
  it("is called by its door, and by its mask where that is hidden", () => {
    const users = rows("heat_user", []);
    expect(rowTitle(users, row({ unit: "2", door: "1203" }), t)).toBe("2单元 1203");
    expect(rowTitle(users, row({ unit: "***", door: "***" }, { masked: true, code: "***" }), t)).toBe("***");
    expect(rowDetails(users, row({ heated_area_m2: 88 }), "zh")).toEqual(["88 m²"]);
  });
});
