import { describe, expect, it } from "vitest";
import { composed, geodetic, multiplied, placedOffsets, turnedNormals, UNTURNED } from "./geodesy";

const E2 = 0.00669437999014;

/** The formula the other way round (EPSG Guidance Note 7-2, 4.1.1). */
function earthCentred(lon: number, lat: number, height: number): [number, number, number] {
  const [l, p] = [(lon * Math.PI) / 180, (lat * Math.PI) / 180];
  const radius = 6_378_137 / Math.sqrt(1 - E2 * Math.sin(p) ** 2);
  const flat = (radius + height) * Math.cos(p);
  return [flat * Math.cos(l), flat * Math.sin(l), (radius * (1 - E2) + height) * Math.sin(p)];
}

describe("places of points", () => {
  it.each([
    [125.3, 43.85, 0],
    [125.3, 43.85, 212.5],
    [-70.1, -33.4, -3.2],
    [14.98, 51.15, 8000],
  ])("come back from earth-centred coordinates: %f %f %f", (lon, lat, height) => {
    const [foundLon, foundLat, foundHeight] = geodetic(...earthCentred(lon, lat, height));
    expect(foundLon).toBeCloseTo(lon, 9);
    expect(foundLat).toBeCloseTo(lat, 9);
    expect(foundHeight).toBeCloseTo(height, 4);
  });

  it("are offsets that are right ten kilometres from the middle, where a flat frame sinks by metres", () => {
    const [x, y, z] = earthCentred(125.42, 43.93, 30);
    const [lon = 0, lat = 0, height = 0] = placedOffsets([x, y, z], UNTURNED, [125.3, 43.85, 0]);
    expect(lon).toBeCloseTo(0.12, 7);
    expect(lat).toBeCloseTo(0.08, 7);
    expect(height).toBeCloseTo(30, 3);
  });
});

describe("matrices", () => {
  it("scale first, then turn, then move", () => {
    const quarter = Math.SQRT1_2;
    const matrix = composed([10, 20, 30], [0, 0, quarter, quarter], [2, 2, 2]);
    const moved = multiplied(matrix, [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 1]).slice(12, 15);
    expect(moved.map((one) => Math.round(one * 1e9) / 1e9)).toEqual([10, 22, 30]);
  });

  it("turn a normal that points up from the earth into one that points up", () => {
    const length = Math.hypot(...earthCentred(125.3, 0, 0));
    const upright = earthCentred(125.3, 0, 0).map((one) => one / length);
    expect([...turnedNormals(upright, UNTURNED, [125.3, 0, 0])]).toEqual([0, 0, 127, 0]);
  });
});
