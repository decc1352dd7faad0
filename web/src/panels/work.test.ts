import { describe, expect, it } from "vitest";
import type { Grid, LengthRow, Rule } from "../api/records";
import type { Asset, KindAttribute } from "../api/shapes";
import { bandColouring, limitsOf } from "../layers/bands";
import { exaggerationOf, residualFeatures } from "../layers/residuals";
import { attributeDifferences, kindThatNames, valueText } from "./differences";
import { draftOf, editOf, misfits, typedValue } from "./editing";
import { bandNames, tablesOf } from "./lengths";
import { groupRules, severitiesOf, stateOf } from "./problems";
import { isoToLocal, localToIso } from "./time";
import { seenRows } from "./window";

function rule(name: string, group: Rule["group"], severity: Rule["severity"], open: number): Rule {
  return { rule: name, group, severity, open, accepted: 0, dismissed: 0, reverted: 0 } as Rule;
}

describe("rules", () => {
  const rules = [
    rule("a", "network", "error", 3),
    rule("b", "network", "warning", 9),
    rule("c", "geometry", "notice", 2),
    rule("d", "geometry", "error", 0),
  ];

  it("stand in groups, the most frequent first, without those that are not broken", () => {
    const groups = groupRules(rules, "open", ["error", "warning", "notice"]);
    expect(groups.map(({ group, total }) => [group, total])).toEqual([
      ["geometry", 2],
      ["network", 12],
    ]);
    expect(groups[1]?.rules.map((one) => one.rule)).toEqual(["b", "a"]);
  });

  it("are counted by the severities and the state that are wanted", () => {
    expect(groupRules(rules, "open", ["error"]).map(({ total }) => total)).toEqual([3]);
    expect(groupRules(rules, "accepted", ["error"])).toEqual([]);
    expect(groupRules(rules, "gone", ["notice"])[0]?.rules.map((one) => one.rule)).toEqual(["c"]);
  });

  it("are all shown when an address asks for none we know", () => {
    expect(severitiesOf("fatal")).toEqual(["error", "warning", "notice"]);
    expect(severitiesOf("warning,error")).toEqual(["error", "warning"]);
    expect(stateOf("anything")).toBe("open");
  });
});

describe("the window of a long list", () => {
  it("holds what is seen and a little more, wherever it is scrolled to", () => {
    expect(seenRows(0, 600, 60, 50_000, 100)).toEqual({ first: 0, last: 16, pages: [0] });
    const middle = seenRows(60 * 25_000, 600, 60, 50_000, 100);
    expect(middle.first).toBeLessThanOrEqual(25_000);
    expect(middle.last).toBeGreaterThanOrEqual(25_010);
    expect(middle.last - middle.first).toBeLessThan(40);
    expect(middle.pages).toEqual([249, 250]);
    expect(seenRows(1e9, 600, 60, 50_000, 100).last).toBe(50_000);
    expect(seenRows(0, 600, 60, 0, 100)).toEqual({ first: 0, last: 0, pages: [] });
  });
});

const ATTRIBUTES = [
  { name: "dn", type: "integer", unit: "mm", codes: {} },
  { name: "depth", type: "number", unit: "m", codes: {} },
  { name: "side", type: "code", unit: "", codes: { supply: "供水 supply" } },
  { name: "running", type: "boolean", unit: "", codes: {} },
  { name: "until", type: "date", unit: "", codes: {} },
] as unknown as KindAttribute[];

const ASSET = {
  name: "一号站",
  position: [125.3, 43.85],
  geometry: { type: "Point", coordinates: [125.3, 43.85, 200] },
  attributes: [
    { name: "dn", value: 400 },
    { name: "running", value: true },
  ],
} as unknown as Asset;

describe("the form of an asset", () => {
  it.each([
    ["dn", "12.5", undefined],
    ["dn", " 500 ", 500],
    ["depth", "1e3", 1000],
    ["depth", "deep", undefined],
    ["side", "left", undefined],
    ["running", "false", false],
    ["until", "2026-02-31x", undefined],
    ["until", "2026-02-01", "2026-02-01"],
    ["dn", "", null],
  ] as const)("reads %s = %s as %s", (name, text, value) => {
    expect(typedValue(ATTRIBUTES.find((one) => one.name === name) as KindAttribute, text)).toBe(value);
  });

  it("sends only what was changed, and takes emptied values away", () => {
    const draft = draftOf(ASSET);
    expect(editOf(ASSET, ATTRIBUTES, draft, true)).toBeNull();
    const changed = { ...draft, name: "二号站", values: { ...draft.values, dn: "", depth: "1.5" } };
    expect(editOf(ASSET, ATTRIBUTES, changed, true)).toEqual({ name: "二号站", attributes: { dn: null, depth: 1.5 } });
  });

  it("keeps the height of a point that is moved, and refuses a place that is none", () => {
    const draft = { ...draftOf(ASSET), lon: "125.31" };
    expect(editOf(ASSET, ATTRIBUTES, draft, true)?.geometry).toEqual({
      type: "Point",
      coordinates: [125.31, 43.85, 200],
    });
    expect(misfits(ATTRIBUTES, { ...draft, lat: "430" }, true)).toEqual(["position"]);
    expect(editOf(ASSET, ATTRIBUTES, draft, false)).toBeNull();
  });
});

describe("differences", () => {
  it("name what a repair changes, adds and takes away", () => {
    const found = attributeDifferences({ a: 1, b: 2, c: [1] }, { a: 1, b: 3, c: [1], d: "x" });
    expect(found.map(({ field, before, after }) => [field, before, after])).toEqual([
      ["b", 2, 3],
      ["d", null, "x"],
    ]);
    expect(attributeDifferences({ a: 1 }, null)).toEqual([]);
    expect(kindThatNames({ kind: "pipe", register: null }, found)).toBe("pipe");
    // an asset that has ended leaves its problem without a kind
    expect(kindThatNames({ kind: "", register: null }, found)).toBeNull();
    expect(kindThatNames({ kind: "heat_user", register: "heat_user" }, found)).toBeNull();
    expect(kindThatNames({ kind: "pipe", register: null }, [])).toBeNull();
  });

  it("tell geometry by its kind and size", () => {
    const line = {
      type: "LineString",
      coordinates: [
        [1, 2],
        [3, 4],
      ],
    };
    expect(valueText(line, "zh")).toBe("LineString · 2");
    expect(valueText({ type: "Point", coordinates: [125.1234567, 43] }, "zh")).toBe("125.123457, 43.000000");
    expect(valueText(null, "zh")).toBe("—");
  });
});

describe("lengths", () => {
  const row = (name: string, band: string, pipes: number) =>
    ({ class: name, band, pipes, supply_km: pipes }) as LengthRow;

  it("stand class by class, without classes that have no pipe", () => {
    const tables = tablesOf([row("primary", "to_300", 2), row("primary", "from_300", 0), row("direct", "to_300", 0)]);
    expect(tables.map(({ name, totalKm }) => [name, totalKm])).toEqual([["primary", 2]]);
  });

  it("are painted by their own classes, or between all limits that the bands name", () => {
    expect(bandNames([row("primary", "total", 4), row("primary", "renewed", 0)], "class")).toEqual(["primary"]);
    expect(limitsOf(["to_300", "300_800", "800_1200", "from_1200"])).toEqual([300, 800, 1200]);
    const { items, other } = bandColouring(
      { by: "dn_band", names: ["to_300", "300_800", "from_800", "unknown"] },
      undefined,
    );
    expect(items.map(({ label_zh }) => label_zh)).toEqual(["DN ≤300", "DN 300–800", "DN >800"]);
    expect(new Set([...items, other].map(({ colour }) => colour)).size).toBe(4);
  });
});

describe("residuals", () => {
  const grid = {
    suspect: "K2",
    points: [
      { name: "K1", position: [125.3, 43.85], dx_m: 0.03, dy_m: 0.04, left_out_m: 0.05 },
      { name: "K2", position: [125.4, 43.95], dx_m: -0.01, dy_m: 0, left_out_m: 0.2 },
      { name: "K3", position: null, dx_m: 0, dy_m: 0, left_out_m: 0 },
    ],
  } as unknown as Grid;

  it("are lengthened by a round number until they can be seen", () => {
    const times = exaggerationOf(grid);
    expect(String(times)).toMatch(/^[125]0*$/);
    expect(times * 0.05).toBeGreaterThan(500);
    expect(times * 0.05).toBeLessThan(5000);
    expect(exaggerationOf({ points: [] })).toBe(1);
  });

  it("point where the point should be, and mark the suspect one", () => {
    const features = residualFeatures(grid, 1000);
    expect(features.map(({ properties }) => properties.role)).toEqual(["residual", "residual", "suspect", "suspect"]);
    const arrow = features[1]?.geometry as GeoJSON.MultiLineString | undefined;
    const [from, to] = (arrow?.coordinates[0] ?? []) as [number[], number[]];
    const [east, north] = [(to[0] as number) - (from[0] as number), (to[1] as number) - (from[1] as number)];
    expect(east * 111_320 * Math.cos((43.85 * Math.PI) / 180)).toBeCloseTo(30, 3);
    expect(north * 111_320).toBeCloseTo(40, 3);
  });
});

describe("times of a zone", () => {
  it("come back as the instant they name", () => {
    expect(isoToLocal("2026-11-21T17:05:00Z", "Asia/Shanghai")).toBe("2026-11-22T01:05:00");
    expect(localToIso("2026-11-22T01:05:00", "Asia/Shanghai")).toBe("2026-11-21T17:05:00.000Z");
    expect(localToIso("2026-07-01T12:00:00", "Europe/Berlin")).toBe("2026-07-01T10:00:00.000Z");
    expect(localToIso("", "UTC")).toBeNull();
  });
});
