import { describe, expect, it } from "vitest";
import { magnified, times } from "./magnify";

describe("magnifying", () => {
  it("multiplies outputs, not stops", () => {
    expect(times(12, 2)).toBe(24);
    expect(times(["interpolate", ["linear"], ["zoom"], 11, 3, 17, 8], 2)).toEqual([
      "interpolate",
      ["linear"],
      ["zoom"],
      11,
      6,
      17,
      16,
    ]);
    expect(times(["get", "size"], 2)).toEqual(["get", "size"]);
  });

  it("makes texts and icons of a symbol layer larger and leaves lines alone", () => {
    const symbol = { id: "a", type: "symbol", source: "s", layout: { "text-size": 12 }, minzoom: 14 } as const;
    expect(magnified(symbol, 2)).toMatchObject({ minzoom: 14.5, layout: { "text-size": 24, "icon-size": 2 } });
    const line = { id: "b", type: "line", source: "s", paint: { "line-width": 3 } } as const;
    expect(magnified(line, 2)).toBe(line);
  });
});
