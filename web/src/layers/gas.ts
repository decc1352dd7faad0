import type { LayerSpecification } from "maplibre-gl";
import { codeOf, FONT, type LayerDefinition, type LayerInput } from "./definition";
import { COLOURS } from "./palette";
import { type Sign, signs } from "./signs";

export const GAS_SIGNS: readonly Sign[] = [{ kind: "gas_station", from: 11, named: 13, size: [0.6, 1] }];

/** Gas mains are dashed, so that they are told from heat pipes by form too. */
function mains(input: LayerInput): LayerSpecification[] {
  if (!input.tilesets.network) return [];
  const from = {
    source: "network",
    "source-layer": "pipe",
    filter: ["==", ["coalesce", ["get", "medium"], 0], codeOf(input, "network", "pipe", "medium", "gas")] as never,
  } as const;
  return [
    {
      id: "gas-pipe",
      type: "line",
      ...from,
      paint: {
        "line-color": COLOURS.gas,
        "line-width": ["interpolate", ["linear"], ["zoom"], 11, 1.2, 14, 2.4, 18, 5],
        "line-dasharray": [3, 1.5],
      },
    },
    {
      id: "gas-dn",
      type: "symbol",
      ...from,
      minzoom: 15.5,
      layout: {
        "symbol-placement": "line",
        "text-field": ["concat", "DN", ["to-string", ["get", "dn"]]],
        "text-font": FONT,
        "text-size": 11,
      },
      paint: { "text-color": COLOURS.gas, "text-halo-color": COLOURS.halo, "text-halo-width": 1.6 },
    },
  ];
}

/** City gas: mains with their diameter, and stations. */
export const gas: LayerDefinition = {
  id: "gas",
  group: "safety",
  title: { zh: "燃气管线与场站", en: "City gas" },
  minZoom: 10,
  maxZoom: 24,
  build: (input) => [...mains(input), ...signs(input, "gas", COLOURS.gas, GAS_SIGNS)],
};
