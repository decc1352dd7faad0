import type { ExpressionSpecification, FilterSpecification, LayerSpecification } from "maplibre-gl";
import { belowLiveState, colouringExpression } from "./colouring";
import { codeOf, dimmed, type LayerDefinition, type LayerInput } from "./definition";
import { COLOURS } from "./palette";

function code(input: LayerInput, field: string, name: string): number {
  return codeOf(input, "network", "pipe", field, name);
}

/** Supply or return where both pipes are drawn, else the level. */
function byLevelAndSide(input: LayerInput): ExpressionSpecification {
  const level = ["coalesce", ["get", "level"], 0];
  const side = ["coalesce", ["get", "side"], 0];
  return [
    "case",
    ["==", side, code(input, "side", "supply")],
    COLOURS.supply,
    ["==", side, code(input, "side", "return")],
    COLOURS.return,
    ["==", level, code(input, "level", "transmission")],
    COLOURS.transmission,
    ["==", level, code(input, "level", "secondary")],
    COLOURS.secondary,
    COLOURS.primary,
  ] as unknown as ExpressionSpecification;
}

/** Zoom, width of primary and of secondary pipes. */
const WIDTHS = [
  [11, 1.2, 0.4],
  [14, 2.6, 1.1],
  [17, 5, 2.4],
  [20, 10, 6],
] as const;
const CASING_PX = 2.4;

function width(input: LayerInput, more = 0): ExpressionSpecification {
  const secondary = ["==", ["coalesce", ["get", "level"], 0], code(input, "level", "secondary")];
  const stops = WIDTHS.flatMap(([zoom, thick, thin]) => [zoom, ["case", secondary, thin + more, thick + more]]);
  return ["interpolate", ["linear"], ["zoom"], ...stops] as unknown as ExpressionSpecification;
}

/** A dark edge, by which pipes stand out from imagery and fields. */
function casing(input: LayerInput, pipes: object): LayerSpecification[] {
  if ((!input.imagery && input.field === null) || input.mode === "3d") return [];
  const paint = {
    "line-color": COLOURS.halo,
    "line-opacity": dimmed(input, 0.75),
    "line-width": width(input, CASING_PX),
  };
  return [{ id: "network-casing", type: "line", ...pipes, paint } as LayerSpecification];
}

export const network: LayerDefinition = {
  id: "network",
  group: "heat",
  title: { zh: "供热管网", en: "Heat network" },
  minZoom: 10,
  maxZoom: 24,
  build(input) {
    if (!input.tilesets.network) return [];
    const pipes = {
      source: "network",
      "source-layer": "pipe",
      // gas has a layer of its own
      filter: ["!=", ["coalesce", ["get", "medium"], 0], code(input, "medium", "gas")] as FilterSpecification,
      layout: { "line-cap": "round", "line-join": "round" },
    } as const;
    const colour = input.colouring === null ? byLevelAndSide(input) : colouringExpression(input.colouring);
    return [
      ...casing(input, pipes),
      {
        id: "network-pipe",
        type: "line",
        ...pipes,
        paint: {
          "line-color": belowLiveState(colour),
          // the 3D scene draws the network itself; here it stays to be clicked
          "line-opacity": input.mode === "3d" ? 0.25 : dimmed(input, 0.95),
          "line-width": width(input),
        },
      },
    ];
  },
};
