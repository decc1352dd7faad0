import type { ExpressionSpecification } from "maplibre-gl";
import { bandColour } from "./bands";
import { codeOf, dimmed, type LayerDefinition, type LayerInput } from "./definition";
import { COLOURS, IN_ALARM, STATUS_CODE, STATUS_COLOUR } from "./palette";

function code(input: LayerInput, field: string, name: string): number {
  return codeOf(input, "network", "pipe", field, name);
}

/** Live state first, then supply or return where both pipes are drawn, else the level. */
function colour(input: LayerInput): ExpressionSpecification {
  const level = ["coalesce", ["get", "level"], 0];
  return [
    "case",
    ["any", IN_ALARM, ["==", STATUS_CODE, 8]],
    STATUS_COLOUR,
    ["==", ["coalesce", ["get", "side"], 0], code(input, "side", "supply")],
    COLOURS.supply,
    ["==", ["coalesce", ["get", "side"], 0], code(input, "side", "return")],
    COLOURS.return,
    ["==", level, code(input, "level", "transmission")],
    COLOURS.transmission,
    ["==", level, code(input, "level", "secondary")],
    COLOURS.secondary,
    COLOURS.primary,
  ] as unknown as ExpressionSpecification;
}

function width(input: LayerInput, thick: number, thin: number): ExpressionSpecification {
  return ["case", ["==", ["coalesce", ["get", "level"], 0], code(input, "level", "secondary")], thin, thick];
}

export const network: LayerDefinition = {
  id: "network",
  group: "heat",
  title: { zh: "供热管网", en: "Heat network" },
  minZoom: 10,
  maxZoom: 24,
  build(input) {
    if (!input.tilesets.network) return [];
    return [
      {
        id: "network-pipe",
        type: "line",
        source: "network",
        "source-layer": "pipe",
        // gas has a layer of its own
        filter: ["!=", ["coalesce", ["get", "medium"], 0], code(input, "medium", "gas")],
        layout: { "line-cap": "round", "line-join": "round" },
        paint: {
          "line-color": bandColour(input) ?? colour(input),
          // the 3D scene draws the network itself; here it stays to be clicked
          "line-opacity": input.mode === "3d" ? 0.25 : dimmed(input, 0.95),
          "line-width": [
            "interpolate",
            ["linear"],
            ["zoom"],
            11,
            width(input, 1.2, 0.4),
            14,
            width(input, 2.6, 1.1),
            17,
            width(input, 5, 2.4),
            20,
            width(input, 10, 6),
          ],
        },
      },
    ];
  },
};
