import type { ExpressionSpecification, LayerSpecification } from "maplibre-gl";
import type { Impact } from "../api/shapes";
import type { LayerInput } from "./definition";
import { flowLayers } from "./flow";
import { COLOURS } from "./palette";

const NOTHING: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };
const COLOUR: ExpressionSpecification = ["match", ["get", "set"], "lost", COLOURS.lost, COLOURS.degraded];
const IS_POLYGON = ["match", ["geometry-type"], ["Polygon", "MultiPolygon"], true, false] as never;
const IS_LINE = ["match", ["geometry-type"], ["LineString", "MultiLineString"], true, false] as never;
const IS_POINT = ["match", ["geometry-type"], ["Point", "MultiPoint"], true, false] as never;

/** What is lost stands out; what is degraded may be most of a city and must not drown it. */
function bySet(lost: number, degraded: number): ExpressionSpecification {
  return ["match", ["get", "set"], "lost", lost, degraded];
}

/** Zoom, then size of what is lost and of what is degraded. */
function byZoom(stops: readonly [number, number, number][]): ExpressionSpecification {
  const sizes = stops.flatMap(([zoom, lost, degraded]) => [zoom, bySet(lost, degraded)]);
  return ["interpolate", ["linear"], ["zoom"], ...sizes] as unknown as ExpressionSpecification;
}

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
      paint: { "fill-color": COLOUR, "fill-opacity": bySet(0.5, 0.14), "fill-outline-color": COLOUR },
    },
    {
      id: "impact-line",
      type: "line",
      source: "impact",
      filter: IS_LINE,
      layout: { "line-cap": "round", "line-join": "round", "line-sort-key": bySet(1, 0) },
      paint: {
        "line-color": COLOUR,
        "line-opacity": bySet(1, 0.4),
        "line-width": byZoom([
          [11, 2.4, 0.7],
          [14, 4, 1.2],
          [18, 8, 3.5],
        ]),
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
            layout: { "circle-sort-key": bySet(1, 0) },
            paint: {
              "circle-radius": byZoom([
                [11, 1.5, 0.5],
                [14, 3.5, 1.5],
                [17, 9, 6],
              ]),
              "circle-color": "transparent",
              "circle-stroke-color": COLOUR,
              "circle-stroke-opacity": bySet(1, 0.45),
              "circle-stroke-width": byZoom([
                [11, 1, 0.5],
                [14, 1.6, 0.6],
                [17, 2.5, 1.5],
              ]),
            },
          },
        ];
  const selected = input.selectedAt === null ? [] : [selectedRing()];
  return [...points, ...selected, ...flowLayers(input)];
}

function selectedRing(): LayerSpecification {
  return {
    id: "selected-ring",
    type: "circle",
    source: "selected",
    filter: IS_POINT,
    paint: {
      "circle-radius": ["interpolate", ["linear"], ["zoom"], 11, 9, 17, 18],
      "circle-color": "transparent",
      "circle-stroke-color": COLOURS.selected,
      "circle-stroke-width": 2,
    },
  };
}
