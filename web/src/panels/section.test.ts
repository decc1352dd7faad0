import { describe, expect, it } from "vitest";
import type { Section } from "../api/shapes";
import { csvOf, fittingStretch, layoutOf, steps } from "./section";

function pipe(id: number, distance: number, extra: object = {}): Section["pipes"][number] {
  const course = [{ distance_m: distance, crown_depth_m: 1, axis_depth_m: 1.2, ground_m: 200, axis_m: 198.8 }];
  return {
    asset_id: id,
    kind: "pipe",
    code: `P"${id}"`,
    pair_id: null,
    dn: 300,
    outer_diameter_mm: 400,
    level: 2,
    side: 1,
    burial_method: "1",
    depth_source: "from_depth",
    along: false,
    angle_deg: 90,
    width_m: 0.4,
    course: course.map((at) => ({ ...at, position_wgs84: [125, 43] as [number, number] })),
    ...extra,
  } as Section["pipes"][number];
}

function section(pipes: Section["pipes"], height: number | null = 200): Section {
  return {
    length_m: 100,
    turns_m: [],
    reach_m: 2,
    step_m: 50,
    ground: [0, 50, 100].map((distance_m) => ({ distance_m, height_m: height })),
    pipes,
    fittings: [],
    areas: [],
    hidden_pipes: 0,
  };
}

const label = () => ["", ""] as const;

describe("a section", () => {
  it("draws pipes in true size at the same scale both ways", () => {
    const [one] = layoutOf(section([pipe(1, 50, { outer_diameter_mm: 4000, width_m: 4 })]), 1058, 1, label).pipes;
    expect([one?.rx, one?.ry]).toEqual([20, 20]);
    expect(one?.x).toBeCloseTo(44 + 500);
  });

  it("stretches heights, not lengths", () => {
    const [one] = layoutOf(section([pipe(1, 50, { outer_diameter_mm: 4000, width_m: 4 })]), 1058, 5, label).pipes;
    expect([one?.rx, one?.ry]).toEqual([20, 100]);
  });

  it("keeps the crown at its depth below the ground, known or not", () => {
    for (const height of [200, null]) {
      const layout = layoutOf(section([pipe(1, 50)], height), 1058, 1, label);
      const ground = Number(layout.ground.split(" ")[1]?.split("L")[0]);
      expect((layout.pipes[0]?.y ?? 0) - ground).toBeCloseTo(12, 0);
    }
  });

  it("fits its stretch to the height of the drawing", () => {
    expect(fittingStretch(section([pipe(1, 50)]), 1058)).toBeGreaterThanOrEqual(5);
    expect(fittingStretch({ ...section([pipe(1, 50)]), length_m: 1 }, 1058)).toBe(1);
  });

  it("sets labels of neighbours apart and counts those without room", () => {
    const near = layoutOf(section([pipe(1, 50), pipe(2, 50.5)]), 400, null, label);
    expect(near.labels[0]?.y === near.labels[1]?.y && near.labels[0]?.x === near.labels[1]?.x).toBe(false);
    const many = layoutOf(section(Array.from({ length: 60 }, (_, i) => pipe(i + 1, 50 + i / 10))), 400, null, label);
    expect(many.labels.length + many.crowded).toBe(60);
    expect(many.crowded).toBeGreaterThan(0);
    const boxes = many.labels.map(({ x, y }) => `${x} ${y}`);
    expect(new Set(boxes).size).toBe(boxes.length);
  });

  it("writes a line of CSV for each place, quoted", () => {
    const rows = csvOf(section([pipe(1, 50)])).split("\r\n");
    expect(rows).toHaveLength(2);
    expect(rows[1]).toContain('"P""1"""');
    expect(rows[1]?.endsWith("50,1,1.2,200,198.8")).toBe(true);
  });

  it("marks round numbers", () => {
    expect(steps(0, 100, 5)).toEqual([0, 20, 40, 60, 80, 100]);
    expect(steps(197.9, 200.3, 5)).toEqual([198, 198.5, 199, 199.5, 200]);
  });
});
