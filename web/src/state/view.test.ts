import { describe, expect, it } from "vitest";
import { FIRST_VIEW, modeOf, PITCH_3D, readView, type View, withMode, writeView } from "./view";

describe("the address of a view", () => {
  it("is empty for the first view", () => {
    expect(writeView(FIRST_VIEW)).toBe("");
    expect(readView("")).toEqual(FIRST_VIEW);
  });

  it("gives the whole view back", () => {
    const view: View = {
      city: 2,
      camera: { lon: 125.32001, lat: 43.88, zoom: 14.25, pitch: 55, bearing: -20 },
      mode: "3d",
      layers: ["base", "rollout", "network"],
      colouring: "dn",
      ground: "satellite",
      field: "pm25_ug_per_m3",
      datum: "bd09",
      xray: true,
      cover: 40,
      selected: 8283,
      lang: "en",
      at: "2026-01-05T06:00:00.000Z",
      panel: "problems",
      work: {
        rule: "loose_end",
        state: "accepted",
        q: "换热站 3",
        problem: "12",
        tab: "history",
        as_of: "2026-01-05T06:00:00Z",
      },
    };
    expect(readView(writeView(view))).toEqual(view);
  });

  it("names the satellite view as a mode, and imagery under 3D beside it", () => {
    const flat = readView("?mode=satellite");
    expect([flat.mode, flat.ground, modeOf(flat)]).toEqual(["2d", "satellite", "satellite"]);
    expect(writeView(flat)).toBe("?mode=satellite");
    const solid = withMode(flat, "3d");
    expect(writeView(solid)).toBe("?mode=3d&ground=satellite");
    expect(readView("?ground=satellite")).toEqual(flat);
    expect(writeView(withMode(solid, "2d"))).toBe("");
  });

  it("keeps a camera that looks straight down in 3D", () => {
    const camera = { lon: 125.3, lat: 43.8, zoom: 16, pitch: 0, bearing: 0 };
    expect(readView(writeView({ ...FIRST_VIEW, mode: "3d", camera })).camera).toEqual(camera);
    expect(readView("?lon=125&lat=43&z=16&mode=3d").camera?.pitch).toBe(PITCH_3D);
  });

  it("survives no layer at all", () => {
    expect(readView(writeView({ ...FIRST_VIEW, layers: [] })).layers).toEqual([]);
  });

  it.each([
    ["?lon=500&lat=43&z=12", "camera"],
    ["?lon=125&lat=43", "camera"],
    ["?city=-1", "city"],
    ["?city=1.5", "city"],
    ["?sel=abc", "selected"],
    ["?at=yesterday", "at"],
    ["?lang=fr", "lang"],
    ["?mode=4d", "mode"],
    ["?panel=secrets", "panel"],
    ["?colouring=a'b", "colouring"],
    ["?ground=moon", "ground"],
    ["?field=../x", "field"],
    ["?datum=cgcs", "datum"],
    ["?panel=problems&sel=4&as_of=lately", "work"],
  ] as const)("%s falls back", (search, field) => {
    expect(readView(search)[field]).toEqual(FIRST_VIEW[field]);
  });

  it("drops layers it does not know", () => {
    expect(readView("?layers=network,evil,base").layers).toEqual(["base", "network"]);
  });
});
