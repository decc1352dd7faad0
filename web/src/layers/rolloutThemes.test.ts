import { validateStyleMin } from "@maplibre/maplibre-gl-style-spec";
import { describe, expect, it } from "vitest";
import { translate } from "../i18n/text";
import { attributeText, knownValue, legendOf } from "../panels/themes";
import { NO_MARKS } from "../state/marks";
import { NO_OVERLAY } from "../state/overlay";
import { NO_ROLLOUT_MAP, rolloutChoice } from "../state/rolloutMap";
import { attributesOf, valuesOf } from "../state/rolloutValues";
import type { Work } from "../state/work";
import type { LayerInput } from "./definition";
import { rolloutAreas } from "./rolloutAreas";
import { drawnKinds, ENERGIES, MARKERS, paintOf, ROWS, STAGES, THEMES, TYPES } from "./rolloutThemes";

const t = (key: Parameters<typeof translate>[1], values = {}) => translate("zh", key, values);
const CODES = { kind: { "1": "district", "2": "zone", "3": "township", "4": "village" }, outline: { "3": "none" } };
const rolloutTiles = {
  tiles: ["/tiles/rollout/{z}/{x}/{y}.mvt"],
  minzoom: 5,
  maxzoom: 16,
  vector_layers: ["area", "area_name"].map((id) => ({ id, codes: CODES })),
};

function input(work: Work, more: Partial<LayerInput> = {}): LayerInput {
  return {
    lang: "zh",
    mode: "2d",
    tilesets: { rollout: rolloutTiles, assets: { ...rolloutTiles, vector_layers: [{ id: "asset", codes: {} }] } },
    rasters: [],
    rollout: null,
    rolloutMap: NO_ROLLOUT_MAP,
    rolloutChoice: rolloutChoice(work),
    alarms: [],
    impact: null,
    selected: null,
    selectedAt: null,
    selectedFlow: null,
    problems: { state: "open", rule: null, chosen: null, revision: 0 },
    colouring: null,
    imagery: false,
    field: null,
    overlay: NO_OVERLAY,
    marks: NO_MARKS,
    ...more,
  };
}

describe("themes of the rollout", () => {
  it.each(THEMES)("%s makes a style that MapLibre accepts, now and of a past year", (theme) => {
    const live = { use: new Map([[4, 800]]), warmth: new Map([[4, 205]]) };
    const past = { ...NO_ROLLOUT_MAP, year: 2024, values: { type: new Map([[4, 2]]), stage: new Map([[4, 1]]) }, live };
    for (const [work, rolloutMap] of [
      [
        { theme, at_stage: "2", district: "7" },
        { ...NO_ROLLOUT_MAP, live },
      ],
      [{ theme, year: "2024", energy: "gas", tier: "village" }, past],
    ] as const) {
      const layers = rolloutAreas.build(input(work, { rolloutMap }));
      expect(layers.length).toBeGreaterThan(5);
      const source = { type: "vector", tiles: ["http://x/{z}/{x}/{y}.mvt"] } as const;
      const style = { version: 8, sources: { rollout: source, assets: source }, layers } as const;
      expect(validateStyleMin(style as never).map(({ message }) => message)).toEqual([]);
    }
  });

  it("go by township from afar and by village close by; what districts report goes by district first", () => {
    expect(drawnKinds("type", "auto").map(({ kind }) => kind)).toEqual(["township", "village"]);
    expect(drawnKinds("energy", "auto").map(({ kind }) => kind)).toEqual(["district", "township"]);
    expect(drawnKinds("stage", "district").map(({ kind }) => kind)).toEqual(["district"]);
  });

  it("never use red, which is an alarm's", () => {
    const paints = THEMES.flatMap((theme) => [null, "gas"].map((energy) => paintOf(theme, energy)));
    for (const { colour } of paints.flatMap((paint) => legendOf(paint, "zh", t))) {
      const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
      expect(red > 200 && green < 110 && blue < 110, colour).toBe(false);
    }
  });

  it("tell their choices by a sign of its own besides the colour", () => {
    for (const choices of [TYPES, STAGES, MARKERS, ENERGIES]) {
      expect(new Set(choices.map(({ sign }) => sign.zh)).size).toBe(choices.length);
      expect(new Set(choices.map(({ sign }) => sign.en)).size).toBe(choices.length);
      expect(new Set(choices.map(({ colour }) => colour)).size).toBe(choices.length);
    }
  });

  it("say in words every row that a card has", () => {
    for (const row of Object.values(ROWS).flat()) {
      expect(attributeText(row, 1, "zh", t)).not.toBe("");
      expect(attributeText(row, null, "zh", t)).toBe("—");
    }
    expect(attributeText("completion", 925, "zh", t)).toBe("92.5 %");
    expect(attributeText("warmth", 205, "zh", t)).toBe("20.5 °C");
    expect(attributeText("marker", 2, "zh", t)).toContain("不超过 300");
  });
});

describe("figures as the tiles carry them", () => {
  const figures = {
    finished_count: 30,
    completion_rate: 0.9254,
    electric_count: 4,
    biomass_count: 20,
    solar_count: 6,
    clean_area_m2: 1000,
    clean_gas_m2: 250,
    clean_heat_m2: 750,
    satisfaction: 4.256,
    stage: null,
  };

  it("are rounded, scaled, and the largest part stands for the area", () => {
    const found = attributesOf(figures);
    expect(Object.fromEntries(found)).toEqual({
      finished: 30,
      completion: 925,
      satisfaction: 426,
      type: 2,
      energy: 1,
      gas_share: 250,
      heat_share: 750,
    });
  });

  it("have no type where nobody is finished, and nothing where nothing is known", () => {
    expect(attributesOf({ electric_count: 0, biomass_count: null })).toEqual(new Map());
  });

  it("of a past year stand in place of the tile's; what only devices know has no past", () => {
    const values = valuesOf([{ area_id: 7, kind: "village", code: "", name: "", parent_id: 1, figures }]);
    const known = { id: 7, properties: { finished: 99 }, values, live: { use: new Map([[7, 500]]) } };
    expect(knownValue("finished", { ...known, year: 2024 })).toBe(30);
    expect(knownValue("finished", { ...known, year: null })).toBe(99);
    expect(knownValue("use", { ...known, year: null })).toBe(500);
    expect(knownValue("use", { ...known, year: 2024 })).toBeNull();
  });
});
