import { describe, expect, it } from "vitest";
import { padding } from "./room";

const box = (left: number, top: number, right: number, bottom: number) => ({ left, top, right, bottom });
const NONE = { left: [], right: [], ends: [] };

describe("the room around what a map shows", () => {
  it("keeps clear of panels over the map", () => {
    const covers = {
      left: [box(10, 60, 246, 890)],
      right: [box(1110, 60, 1430, 890)],
      ends: [box(600, 62, 800, 90), box(500, 830, 900, 866)],
    };
    expect(padding(box(0, 52, 1440, 900), covers)).toEqual({ left: 274, right: 358, top: 66, bottom: 98 });
  });

  it("takes nothing for panels that stand below the map", () => {
    const covers = { ...NONE, right: [box(8, 560, 382, 900)], ends: [box(320, 94, 380, 118)] };
    expect(padding(box(0, 90, 390, 550), covers)).toEqual({ left: 28, right: 28, top: 56, bottom: 28 });
  });

  it("always leaves a part of a small map", () => {
    const { left, right } = padding(box(0, 0, 400, 400), { ...NONE, left: [box(0, 0, 300, 400)] });
    expect(Number(left) + Number(right)).toBeCloseTo(280);
  });
});
