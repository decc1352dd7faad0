import { describe, expect, it } from "vitest";
import { decode, GRID, gridOf, median, partOf } from "./terrain";

/** A slope: 100 m in the north-west, one metre more a pixel to the east, ten more a pixel to the south. */
function slope(): Float32Array {
  return Float32Array.from({ length: 256 * 256 }, (_, i) => 100 + (i % 256) + 10 * Math.floor(i / 256));
}

describe("heights of the globe", () => {
  it("come out of Terrain-RGB to a decimetre, transparent pixels are unknown", () => {
    const steps = Math.round((213.4 + 10_000) * 10);
    const rgba = new Uint8ClampedArray([steps >> 16, (steps >> 8) & 255, steps & 255, 255, 1, 2, 3, 0]);
    const [known, unknown] = decode(rgba);
    expect(known).toBeCloseTo(213.4, 3);
    expect(unknown).toBeNaN();
  });

  it("have a middle that unknown ones do not move", () => {
    expect(median(Float32Array.from([Number.NaN, 3, 1, 2, Number.NaN]))).toBe(2);
    expect(median(Float32Array.from([Number.NaN]))).toBeNull();
  });

  it("are read from edge to edge, between pixels, and lifted", () => {
    const grid = gridOf(slope(), partOf(5, 6, 12), 0, 7);
    const middle = grid[16 * GRID + 16] as number;
    expect(middle).toBeCloseTo(100 + 127.5 + 10 * 127.5 + 7, 3);
    expect((grid[1] as number) - (grid[0] as number)).toBeCloseTo(7.5, 3);
  });

  it("of fine tiles are a part of a coarser one", () => {
    expect(partOf(13, 6, 16)).toEqual({ z: 14, x: 3, y: 1, left: 0.25, top: 0.5, side: 0.25 });
    const whole = gridOf(slope(), partOf(3, 1, 14), 0, 0);
    const part = gridOf(slope(), partOf(13, 6, 16), 0, 0);
    expect(part[0]).toBeCloseTo(whole[16 * GRID + 8] as number, 3);
    expect(part[GRID * GRID - 1]).toBeCloseTo(whole[24 * GRID + 16] as number, 3);
  });

  it("go on at a given height where the raster knows none", () => {
    const empty = new Float32Array(256 * 256).fill(Number.NaN);
    expect(new Set(gridOf(empty, partOf(0, 0, 10), 210, 5))).toEqual(new Set([215]));
  });
});
