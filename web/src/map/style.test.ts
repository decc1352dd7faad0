import { validateStyleMin } from "@maplibre/maplibre-gl-style-spec";
import { describe, expect, it } from "vitest";
import type { Alarm, Impact } from "../api/shapes";
import type { LayerInput } from "../layers/definition";
import { DEVICE_SIGNS } from "../layers/devices";
import { GAS_SIGNS } from "../layers/gas";
import { LAYER_IDS, VISIBLE_AT_FIRST } from "../layers/ids";
import { drawnBy } from "../layers/kinds";
import { MAIN_SIGNS } from "../layers/mains";
import { NO_BURN_SIGNS } from "../layers/noBurn";
import { AREA_COLOURS } from "../layers/palette";
import { LAYERS } from "../layers/registry";
import { SAFETY_SIGNS } from "../layers/safety";
import { WEATHER_SIGNS } from "../layers/weather";
import { markedPoint, NO_MARKS } from "../state/marks";
import { NO_OVERLAY, ROLES } from "../state/overlay";
import { NO_ROLLOUT_MAP, rolloutChoice } from "../state/rolloutMap";
import { STATUS_COLOURS, STATUS_NAMES } from "../state/status";
import { ownAddress } from "./addresses";
import { SIGN_PICTURES } from "./signPictures";
import { buildStyle } from "./style";

const ORIGIN = "http://127.0.0.1:8000";

function tileset(name: string, layer: string, codes: Record<string, Record<string, string>>) {
  const tiles = [`http://localhost:8000/tiles/${name}/{z}/{x}/{y}.mvt?city=1`];
  return { tiles, minzoom: 8, maxzoom: 16, vector_layers: [{ id: layer, codes }] };
}

const answer = {
  geometry: {
    type: "FeatureCollection",
    features: [
      {
        type: "Feature",
        id: 4,
        geometry: { type: "Point", coordinates: [1, 2] },
        properties: { asset_id: 4, kind: "valve", set: "lost" },
      },
    ],
  },
} as unknown as Impact;

const alarm = {
  asset_id: 9,
  level: 1,
  active: true,
  raised_at: "2026-01-01T00:00:00Z",
  rule_name_zh: "二次供水温度过低",
  rule_name_en: "Low",
  position: [1, 2],
} as Alarm;

const INPUT: LayerInput = {
  rolloutMap: NO_ROLLOUT_MAP,
  rolloutChoice: rolloutChoice({}),
  lang: "zh",
  mode: "2d",
  tilesets: {
    base: tileset("base", "area", { kind: { "1": "district" } }),
    network: tileset("network", "pipe", { side: { "1": "supply", "2": "return" }, level: { "3": "secondary" } }),
    buildings: tileset("buildings", "building", {}),
    coverage: tileset("coverage", "coverage", {
      of_kind: { "1": "city", "2": "licence", "3": "company", "4": "plant" },
    }),
    problems: tileset("problems", "problem", {
      severity: { "1": "error", "2": "warning", "3": "notice" },
      state: { "1": "open" },
      rule: { "1": "loose_end" },
    }),
    assets: tileset("assets", "asset", { kind: { "1": "plant", "3": "substation", "6": "valve" } }),
  },
  rasters: [
    {
      layer: "ground",
      style: "hillshade",
      attribution: "",
      bounds: [0, 0, 1, 1],
      minzoom: 6,
      maxzoom: 18,
      tiles: `${ORIGIN}/raster/{z}/{x}/{y}.png`,
    },
  ],
  rollout: { month: "2026-10", items: [], formula: "", unit: "1", source: "" },
  alarms: [alarm],
  impact: answer,
  selected: 4,
  selectedAt: [1, 2],
  selectedFlow: {
    way: {
      type: "LineString",
      coordinates: [
        [1, 2],
        [2, 2],
      ],
    },
    stale: false,
  },
  problems: { state: "open", rule: null, chosen: 7, revision: 0 },
  colouring: null,
  imagery: false,
  field: null,
  marks: {
    features: markedPoint([1, 2], { colour: "#ffffff", sign: "valve-off-open", label: "F1", near: true }),
    ids: [{ colour: "#ffffff", ids: [4], of: "segments" }],
    legend: [],
    dims: true,
  },
  overlay: {
    type: "FeatureCollection",
    features: ROLES.map((role) => ({
      type: "Feature",
      geometry: { type: "Point", coordinates: [1, 2] },
      properties: { role, label: role },
    })),
  },
};

describe("the style of the map", () => {
  it("is a valid MapLibre style with every layer on, in both modes", () => {
    for (const mode of ["2d", "3d"] as const) {
      const style = buildStyle({ ...INPUT, mode }, LAYER_IDS, ORIGIN);
      // the page asks for no fonts: MapLibre draws text locally when there are no glyphs
      const errors = validateStyleMin(style).filter((error) => !error.message.includes('"glyphs"'));
      expect(errors).toEqual([]);
      expect(style.glyphs).toBeUndefined();
      expect(style.layers.length).toBeGreaterThan(15);
    }
  });

  it("is valid before anything has arrived", () => {
    const empty = {
      ...INPUT,
      overlay: NO_OVERLAY,
      marks: NO_MARKS,
      tilesets: {},
      rasters: [],
      rollout: null,
      alarms: [],
      impact: null,
      selectedAt: null,
      selectedFlow: null,
    };
    expect(
      validateStyleMin(buildStyle(empty, LAYER_IDS, ORIGIN)).filter((error) => !error.message.includes('"glyphs"')),
    ).toEqual([]);
  });

  it("draws only layers that are switched on", () => {
    const ids = buildStyle(INPUT, ["network"], ORIGIN).layers.map((layer) => layer.id);
    expect(ids).toContain("network-pipe");
    expect(ids.some((id) => id.startsWith("stations") || id.startsWith("base"))).toBe(false);
  });

  it("draws coverage below the network and main stations above what an answer shows", () => {
    const ids = buildStyle(INPUT, LAYER_IDS, ORIGIN).layers.map((layer) => layer.id);
    expect(ids.indexOf("coverage-company-fill")).toBeGreaterThan(-1);
    expect(ids.indexOf("coverage-company-fill")).toBeLessThan(ids.indexOf("network-pipe"));
    expect(ids.indexOf("impact-line")).toBeLessThan(ids.indexOf("mains-relay_pump_station"));
  });

  it("draws devices by the hundred thousand only where their signs can be told apart", () => {
    const style = buildStyle(INPUT, ["devices"], ORIGIN);
    for (const layer of style.layers.filter(({ id }) => id.startsWith("devices-"))) {
      expect(layer.minzoom).toBeGreaterThanOrEqual(14);
    }
  });

  it("draws an answer between the network and the stations, from exactly the server's features", () => {
    const style = buildStyle(INPUT, LAYER_IDS, ORIGIN);
    const ids = style.layers.map((layer) => layer.id);
    expect(ids.indexOf("network-pipe")).toBeLessThan(ids.indexOf("impact-line"));
    expect(ids.indexOf("impact-line")).toBeLessThan(ids.indexOf("stations-dot"));
    expect(style.sources.impact).toMatchObject({ data: answer.geometry, tolerance: 0 });
  });

  it("asks for tiles at the page's own origin", () => {
    expect(ownAddress("http://localhost:9/tiles/a/{z}/{x}/{y}.mvt?city=1", ORIGIN)).toBe(
      `${ORIGIN}/tiles/a/{z}/{x}/{y}.mvt?city=1`,
    );
  });
});

describe("signs", () => {
  it("have a picture for each kind, and a layer that draws the kind from the zoom it is said to be drawn from", () => {
    for (const { kind, from } of [
      ...MAIN_SIGNS,
      ...DEVICE_SIGNS,
      ...WEATHER_SIGNS,
      ...GAS_SIGNS,
      ...SAFETY_SIGNS,
      ...NO_BURN_SIGNS,
    ]) {
      expect(SIGN_PICTURES[kind]).toBeDefined();
      const drawn = drawnBy(kind);
      expect(drawn?.zoom).toBe(from);
      const layer = LAYERS.find(({ id }) => id === drawn?.layer);
      expect(layer?.build(INPUT).map(({ id }) => id)).toContain(`${drawn?.layer}-${kind}`);
    }
  });
});

describe("layers", () => {
  it("are on at first only when they exist", () => {
    expect(VISIBLE_AT_FIRST.every((id) => LAYER_IDS.includes(id))).toBe(true);
  });

  it("name a range of zooms and a title in both languages", () => {
    for (const layer of LAYERS) {
      expect(layer.maxZoom).toBeGreaterThan(layer.minZoom);
      expect(layer.title.zh).not.toBe("");
      expect(layer.title.en).not.toBe("");
    }
  });
});

describe("colours", () => {
  it("are red for the alarm codes only", () => {
    const isRed = (hex: string) => {
      const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
      return r > 200 && g < 150 && b < 150;
    };
    expect(AREA_COLOURS.filter(isRed)).toEqual([]);
    expect(STATUS_NAMES.filter((name) => isRed(STATUS_COLOURS[name]))).toEqual([
      "alarmLevel3",
      "alarmLevel2",
      "alarmLevel1",
    ]);
  });
});
