import { describe, expect, it } from "vitest";
import { loadOptionsOf } from "./device";

function held(innerWidth: number, innerHeight: number, navigator: object = {}): [number, number] {
  const { tileset } = loadOptionsOf({ innerWidth, innerHeight, navigator }) as {
    tileset: { maximumMemoryUsage: number; maximumScreenSpaceError: number };
  };
  return [tileset.maximumMemoryUsage, tileset.maximumScreenSpaceError];
}

describe("what a device holds of a tileset", () => {
  it("is little and coarse on a phone, much on a wall", () => {
    expect(held(390, 844)).toEqual([48, 12]);
    expect(held(1440, 900)).toEqual([160, 6]);
    expect(held(2400, 1350)).toEqual([256, 6]);
    expect(held(1440, 900, { deviceMemory: 2 })).toEqual([48, 12]);
  });
});
