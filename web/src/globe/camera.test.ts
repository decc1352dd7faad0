import { describe, expect, it } from "vitest";
import { daylight, metresAPixel, rangeOfZoom, zoomOfBox, zoomOfRange } from "./camera";

describe("the camera of the globe", () => {
  it("knows the map's scale: zoom 0 shows the equator in 512 pixels", () => {
    expect(metresAPixel(0, 0)).toBeCloseTo(78_271.517, 2);
    expect(metresAPixel(16, 60)).toBeCloseTo(78_271.517 / 2 / 65_536, 6);
  });

  it.each([
    [12, 43.9, 900, 1],
    [16.5, 31.2, 540, 0.6],
  ])("turns zoom %d into a range and back", (zoom, lat, height, fovy) => {
    expect(zoomOfRange(rangeOfZoom(zoom, lat, height, fovy), lat, height, fovy)).toBeCloseTo(zoom, 9);
  });

  it("sees half the window's height in metres from the range", () => {
    const range = rangeOfZoom(15, 43.9, 800, Math.PI / 3);
    expect(range * Math.tan(Math.PI / 6)).toBeCloseTo(400 * metresAPixel(15, 43.9), 6);
  });

  it("fits a box by its longer side", () => {
    const zoom = zoomOfBox([125, 43, 125.1, 43.01], 1000, 1000);
    const wide = (0.1 / 360) * 40_075_016.686 * Math.cos((43.005 * Math.PI) / 180);
    expect(metresAPixel(zoom, 43.005) * 1000).toBeCloseTo(wide, 3);
    expect(zoomOfBox([125, 43, 125, 43], 1000, 1000)).toBe(20);
  });

  it("has the sun above the city and not below it", () => {
    const [x, y, z] = daylight(125.3, 43.9);
    const [lon, lat] = [(125.3 * Math.PI) / 180, (43.9 * Math.PI) / 180];
    const up = [Math.cos(lat) * Math.cos(lon), Math.cos(lat) * Math.sin(lon), Math.sin(lat)] as const;
    expect(Math.hypot(x, y, z)).toBeCloseTo(1, 9);
    expect(x * up[0] + y * up[1] + z * up[2]).toBeCloseTo(-Math.sin((50 * Math.PI) / 180), 9);
  });
});
