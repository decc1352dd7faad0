import { describe, expect, it } from "vitest";
import { firstState, reduce } from "./app";
import { changedBox } from "./box";
import { clicksOf, distanceM, readShape, shapeOf, writeShape } from "./shapes";
import { FIRST_VIEW, readView, writeView } from "./view";
import { patched } from "./work";

describe("what a work panel shows", () => {
  it("is written only while its panel is open, and kept when it is closed", () => {
    let state = firstState({ ...FIRST_VIEW, city: 1 });
    state = reduce(state, { type: "view/panel", panel: "problems" });
    state = reduce(state, { type: "view/work", patch: { rule: "loose_end", q: "站" } });
    expect(readView(writeView(state.view)).work).toEqual({ rule: "loose_end", q: "站" });
    state = reduce(state, { type: "view/panel", panel: "changes" });
    expect(writeView(state.view)).not.toContain("loose_end");
    state = reduce(state, { type: "view/panel", panel: "problems" });
    expect(writeView(state.view)).toContain("rule=loose_end");
  });

  it("loses keys that are set to nothing", () => {
    expect(patched({ rule: "a", q: "b" }, { rule: null, q: "" })).toEqual({});
  });

  it("is of one asset: another one is shown as it is now, with its facts first", () => {
    let state = firstState({
      ...FIRST_VIEW,
      city: 1,
      selected: 4,
      work: { tab: "history", as_of: "2026-01-01T00:00:00Z" },
    });
    state = reduce(state, { type: "view/selected", assetId: 5 });
    expect(state.view.work).toEqual({});
  });

  it("ignores what no address of ours holds", () => {
    expect(readView(`?panel=problems&rule=${"x".repeat(5000)}&secret=1`).work).toEqual({});
  });
});

describe("a shape drawn on the map", () => {
  it("survives the address to a metre", () => {
    const points = [
      [125.300001, 43.85],
      [125.31, 43.86],
    ] as const;
    const read = readShape(writeShape("rectangle", points));
    expect(read?.tool).toBe("rectangle");
    expect(distanceM(read?.points[0] ?? [0, 0], points[0])).toBeLessThan(1);
  });

  it.each(["", "rectangle", "rectangle:1,2", "star:1,2;3,4", "circle:1,2;999,4", "polygon:1,2;3,4", "point:a,b"])(
    "%s is none",
    (text) => expect(readShape(text)).toBeNull(),
  );

  it("is round on the ground: every corner of a circle is as far from its centre as the click", () => {
    const centre = [125.3, 43.85] as const;
    const edge = [125.305, 43.85] as const;
    const ring = (shapeOf("circle", [centre, edge]) as GeoJSON.Polygon).coordinates[0] ?? [];
    const radius = distanceM(centre, edge);
    for (const corner of ring) {
      expect(distanceM(centre, corner as [number, number]) / radius).toBeCloseTo(1, 2);
    }
  });

  it("is closed, and knows how many clicks it takes", () => {
    const polygon = shapeOf("polygon", [
      [0, 0],
      [1, 0],
      [1, 1],
    ]) as GeoJSON.Polygon;
    expect(polygon.coordinates[0]?.at(-1)).toEqual([0, 0]);
    expect([clicksOf("rectangle"), clicksOf("point"), clicksOf("polygon")]).toEqual([2, 1, null]);
  });
});

describe("what a repair moves", () => {
  it("is the box of the vertices that differ", () => {
    const before = {
      type: "LineString",
      coordinates: [
        [0, 0],
        [5, 5],
        [9, 9],
      ],
    };
    const after = {
      type: "LineString",
      coordinates: [
        [0, 0],
        [5, 5],
        [9, 8],
      ],
    };
    expect(changedBox(before, after)).toEqual([9, 8, 9, 9]);
    expect(changedBox(before, before)).toBeNull();
    expect(changedBox(before, null)).toBeNull();
    const both = { type: "GeometryCollection", geometries: [before, after] };
    expect(changedBox(both, before)).toEqual([9, 8, 9, 8]);
  });
});
