import { describe, expect, it } from "vitest";
import { boxOfMost } from "./box";

const quarter = Array.from({ length: 98 }, (_, i): [number, number] => [125 + i / 1000, 43 + (i % 7) / 100]);

describe("boxOfMost", () => {
  it("leaves far towns out when a share is left out", () => {
    const [west, south, east, north] = boxOfMost([...quarter, [120, 40], [130, 46]], 0.1) ?? [0, 0, 0, 0];
    expect(west).toBeGreaterThan(125);
    expect(east).toBeLessThan(125.1);
    expect(south).toBeGreaterThanOrEqual(43);
    expect(north).toBeLessThan(43.1);
  });

  it("holds every point when nothing is left out", () => {
    expect(boxOfMost([...quarter, [120, 40]], 0)).toEqual([120, 40, 125.097, 43.06]);
  });

  it("is null without points", () => {
    expect(boxOfMost([], 0.1)).toBeNull();
  });
});
