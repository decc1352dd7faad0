import { describe, expect, it } from "vitest";
import { groundOf, pressureOption, samplesOf } from "./pressureLine";
import {
  figureRows,
  isOver,
  type LinePoint,
  questionOf,
  readLeaks,
  type StateFigures,
  type WhatIfResult,
  whatIfMarks,
  writeLeaks,
} from "./whatIf";

const point = (distance_m: number, more: Partial<LinePoint> = {}): LinePoint => ({
  distance_m,
  ground_m: null,
  axis_m: 200,
  supply_m: 280,
  return_m: 230,
  static_m: 230,
  boiling_m: 204.5,
  asset_id: 5,
  position: [125.3, 43.9],
  ...more,
});

describe("a what-if in the address", () => {
  it("becomes the question of the server", () => {
    expect(questionOf({ zone: "12", close: "3,4", leak: "8:5,9:x,10:2.5", outdoor: "-15" })).toEqual({
      source_id: 12,
      close: [3, 4],
      open: [],
      stop_pumps: [],
      stop_sources: [],
      leaks: [
        { asset_id: 8, kg_per_s: 5 },
        { asset_id: 10, kg_per_s: 2.5 },
      ],
      outdoor_degc: -15,
    });
  });

  it("asks nothing without a zone or a change, and needs no zone with one", () => {
    expect(questionOf({ outdoor: "-5" })).toBeNull();
    expect(questionOf({ stop_pumps: "7" })).not.toHaveProperty("source_id");
  });

  it("keeps leaks as they were written", () => {
    const leaks = [{ asset_id: 8, kg_per_s: 0.5 }];
    expect(readLeaks(writeLeaks(leaks) ?? "")).toEqual(leaks);
    expect(writeLeaks([])).toBeNull();
    expect(readLeaks("8:-1,:5,8")).toEqual([]);
  });

  it("is over when it ended, however", () => {
    expect((["queued", "running", "done", "failed", "cancelled"] as const).filter(isOver)).toEqual([
      "done",
      "failed",
      "cancelled",
    ]);
  });
});

describe("a result", () => {
  const state = (served_share: number | null, power: number) =>
    ({ served_share, sources: [{ power_mw: power }, { power_mw: null }] }) as unknown as StateFigures;

  it("is told side by side, shares in percent", () => {
    const rows = figureRows(state(1, 16), state(null, 9.5));
    expect(rows.find(({ name }) => name === "served")).toMatchObject({ before: 100, after: null, unit: "%" });
    expect(rows.find(({ name }) => name === "power")).toMatchObject({ before: 16, after: 9.5 });
  });

  it("marks what is off, short or turned, and names only what is drawn", () => {
    const result = {
      topology_off: [21],
      flows_turned: [],
      short_stations: [{ asset_id: 20, position: [125.3, 43.9], flow_share: 0.624 }],
      pressure_line: { points: [point(0), point(10, { position: null }), point(20)] },
    } as unknown as WhatIfResult;
    const marks = whatIfMarks(result, { off: "off", short: "short", turned: "turned", line: "line" });
    expect(marks.ids.map(({ ids }) => ids)).toEqual([[21]]);
    expect(marks.features.map(({ geometry }) => geometry.type)).toEqual(["LineString", "Point"]);
    expect(marks.features[1]?.properties).toMatchObject({ asset_id: 20, label: "62%" });
    expect(marks.legend.map(({ label }) => label)).toEqual(["off", "short", "line"]);
  });
});

describe("a pressure line", () => {
  const labels = {
    supply: "s",
    return: "r",
    static: "t",
    ground: "g",
    boiling: "b",
    before: "v",
    distance: "km",
    head: "m",
  };

  it("takes the axis where the ground is not known", () => {
    expect(groundOf(point(0, { ground_m: 201.5 }))).toBe(201.5);
    expect(groundOf(point(0))).toBe(200);
    expect(samplesOf([point(1500), point(2000, { supply_m: null })], (each) => each.supply_m)).toEqual([
      [1.5, 280],
      [2, null],
    ]);
  });

  it("draws five lines, and two more of before, above the lowest ground", () => {
    const names = (option: ReturnType<typeof pressureOption>) =>
      (option.series as { name: string }[]).map(({ name }) => name);
    const one = pressureOption([point(0), point(1000)], [], labels, "zh");
    expect(names(one)).toEqual(["g", "b", "t", "s", "r"]);
    expect(one.yAxis).toMatchObject({ min: 190 });
    expect(names(pressureOption([point(0)], [point(0)], labels, "en"))).toEqual(["g", "b", "t", "s", "r", "v", "v"]);
  });
});
