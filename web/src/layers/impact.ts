import type { ExpressionSpecification, LayerSpecification } from "maplibre-gl";
import type { Impact } from "../api/shapes";
import type { LayerInput } from "./definition";
import { COLOURS } from "./palette";

const NOTHING: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };
const COLOUR: ExpressionSpecification = ["match", ["get", "set"], "lost", COLOURS.lost, COLOURS.degraded];
const IS_POLYGON = ["match", ["geometry-type"], ["Polygon", "MultiPolygon"], true, false] as never;
const IS_LINE = ["match", ["geometry-type"], ["LineString", "MultiLineString"], true, false] as never;
const IS_POINT = ["match", ["geometry-type"], ["Point", "MultiPoint"], true, false] as never;

/** Exactly the assets that the server returned, each marked lost or degraded. */
export function impactFeatures(impact: Impact | null): GeoJSON.FeatureCollection {
  return (impact?.geometry as unknown as GeoJSON.FeatureCollection | null | undefined) ?? NOTHING;
}

/** Areas and lines of the answer, drawn over the network. */
export function impactBelow(input: LayerInput): LayerSpecification[] {
  if (input.impact === null) return [];
  return [
    {
      id: "impact-area",
      type: "fill",
      source: "impact",
      filter: IS_POLYGON,
      paint: { "fill-color": COLOUR, "fill-opacity": 0.45, "fill-outline-color": COLOUR },
    },
    {
      id: "impact-line",
      type: "line",
      source: "impact",
      filter: IS_LINE,
      layout: { "line-cap": "round", "line-join": "round" },
      paint: {
        "line-color": COLOUR,
        "line-width": ["interpolate", ["linear"], ["zoom"], 11, 2, 14, 3.5, 18, 7],
      },
    },
  ];
}

/** Points of the answer and the ring of the selected asset, drawn over the stations. */
export function impactAbove(input: LayerInput): LayerSpecification[] {
  const points: LayerSpecification[] =
    input.impact === null
      ? []
      : [
          {
            id: "impact-point",
            type: "circle",
            source: "impact",
            filter: IS_POINT,
            paint: {
              "circle-radius": ["interpolate", ["linear"], ["zoom"], 11, 3, 17, 9],
              "circle-color": "transparent",
              "circle-stroke-color": COLOUR,
              "circle-stroke-width": 2.5,
            },
          },
        ];
  return input.selectedAt === null ? points : [...points, selectedRing()];
}

function selectedRing(): LayerSpecification {
  return {
    id: "selected-ring",
    type: "circle",
    source: "selected",
    paint: {
      "circle-radius": ["interpolate", ["linear"], ["zoom"], 11, 9, 17, 18],
      "circle-color": "transparent",
      "circle-stroke-color": COLOURS.selected,
      "circle-stroke-width": 2,
    },
  };
}
