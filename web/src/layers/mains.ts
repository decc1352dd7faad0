import type { LayerSpecification } from "maplibre-gl";
import { among, codesOf, type LayerDefinition, type LayerInput } from "./definition";
import { COLOURS, IN_ALARM, STATUS_COLOUR } from "./palette";
import { type Sign, signs } from "./signs";

export const MAIN_SIGNS: readonly Sign[] = [
  { kind: "relay_pump_station", from: 10, named: 13, size: [0.6, 1] },
  { kind: "relay_energy_station", from: 10, named: 13, size: [0.6, 1] },
  { kind: "isolating_station", from: 10, named: 13, size: [0.6, 1] },
  { kind: "accumulator", from: 10, named: 13, size: [0.6, 1] },
  { kind: "water_tank", from: 13, named: 15, size: [0.6, 1] },
];

/** Live state lies as a glow under the sign: the sign keeps its shape and its colour. */
function glow(input: LayerInput): LayerSpecification {
  const kinds = MAIN_SIGNS.map(({ kind }) => kind);
  return {
    id: "mains-glow",
    type: "circle",
    source: "assets",
    "source-layer": "asset",
    filter: among("kind", codesOf(input, "assets", "asset", "kind", kinds)),
    paint: {
      "circle-radius": ["interpolate", ["linear"], ["zoom"], 11, 14, 17, 30],
      "circle-blur": 1,
      "circle-color": STATUS_COLOUR,
      "circle-opacity": ["case", IN_ALARM, 0.95, 0.25],
    },
  };
}

/** What stands in the mains between source and substation. */
export const mains: LayerDefinition = {
  id: "mains",
  group: "heat",
  title: { zh: "泵站、隔压站、储热器", en: "Pumps, isolating, stores" },
  minZoom: 10,
  maxZoom: 24,
  build: (input) => (input.tilesets.assets ? [glow(input), ...signs(input, "mains", COLOURS.mains, MAIN_SIGNS)] : []),
};
