import type { ExpressionSpecification, FilterSpecification, LayerSpecification } from "maplibre-gl";
import type { MarkedIds, Marks } from "../state/marks";
import { FONT, type LayerInput } from "./definition";
import { COLOURS } from "./palette";

const AREA = ["match", ["geometry-type"], ["Polygon", "MultiPolygon"], true, false];
const LINE = ["match", ["geometry-type"], ["LineString", "MultiLineString", "Polygon", "MultiPolygon"], true, false];
const POINT = ["match", ["geometry-type"], ["Point", "MultiPoint"], true, false];
const COLOUR: ExpressionSpecification = ["get", "colour"];

/** Marks that answer a click. */
export const MARK_LAYERS: readonly string[] = ["marks-sign", "marks-point", "marks-line", "marks-area"];

/** From this zoom on there is room for long labels. */
const NEAR = 14;

function value(name: string, otherwise: number): ExpressionSpecification {
  return ["coalesce", ["get", name], otherwise];
}

/** A size that is told for zoom 15, smaller further out and larger close by. */
function byZoom(size: ExpressionSpecification): ExpressionSpecification {
  const stops = [
    [9, 0.35],
    [12, 0.6],
    [15, 1],
    [18, 1.9],
  ].flatMap(([zoom, times]) => [zoom, ["*", size, times]]);
  return ["interpolate", ["linear"], ["zoom"], ...stops] as unknown as ExpressionSpecification;
}

export function markFeatures(marks: Marks): GeoJSON.FeatureCollection {
  return { type: "FeatureCollection", features: [...marks.features] as unknown as GeoJSON.Feature[] };
}

/** Areas and lines of the open tool, over the network and below the stations. */
export function marksBelow(input: LayerInput): LayerSpecification[] {
  const { marks } = input;
  const byIds = marks.ids.flatMap((group, i) => idLayers(input, group, i));
  if (marks.features.length === 0) return byIds;
  return [
    ...byIds,
    {
      id: "marks-area",
      type: "fill",
      source: "marks",
      filter: AREA as never,
      paint: { "fill-color": COLOUR, "fill-opacity": value("fill", 0.25) },
    },
    {
      id: "marks-line",
      type: "line",
      source: "marks",
      filter: LINE as never,
      layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": COLOUR, "line-opacity": value("opacity", 1), "line-width": byZoom(value("width", 4)) },
    },
  ];
}

/** Points, signs and labels of the open tool, over everything. */
export function marksAbove({ marks }: LayerInput): LayerSpecification[] {
  if (marks.features.length === 0) return [];
  return [
    {
      id: "marks-point",
      type: "circle",
      source: "marks",
      filter: ["all", POINT, ["!", ["has", "sign"]]] as never,
      paint: {
        "circle-radius": byZoom(value("radius", 5)),
        "circle-color": COLOUR,
        "circle-opacity": value("opacity", 1),
        "circle-stroke-color": COLOURS.ground,
        "circle-stroke-width": 1.2,
      },
    },
    {
      id: "marks-sign",
      type: "symbol",
      source: "marks",
      filter: ["all", POINT, ["has", "sign"]] as never,
      layout: {
        "icon-image": ["get", "sign"],
        "icon-size": ["interpolate", ["linear"], ["zoom"], 10, 0.6, 16, 1.1],
        "icon-allow-overlap": true,
        "icon-ignore-placement": true,
      },
    },
    {
      id: "marks-label",
      type: "symbol",
      source: "marks",
      filter: ["has", "label"] as FilterSpecification,
      layout: {
        "text-field": ["step", ["zoom"], ["case", ["has", "near"], "", ["get", "label"]], NEAR, ["get", "label"]],
        "text-font": FONT,
        "text-size": 13,
        "text-anchor": "top",
        "text-offset": [0, 0.9],
        "text-optional": true,
      },
      paint: { "text-color": COLOUR, "text-halo-color": COLOURS.halo, "text-halo-width": 1.8 },
    },
  ];
}

/** Things by their ids, as the tiles hold them: pipes carry their own from zoom 14 on, their segment's before. */
function idLayers(input: LayerInput, { colour, ids, of = "assets" }: MarkedIds, i: number): LayerSpecification[] {
  if (ids.length === 0) return [];
  const wanted = [...new Set(ids)];
  if (of === "segments") {
    const segment = ["coalesce", ["get", "segment_id"], ["id"], -1];
    return input.tilesets.network ? [pipes(`marks-ids-segment-${i}`, colour, isAmong(segment, wanted), 10)] : [];
  }
  const filter = isAmong(["coalesce", ["id"], -1], wanted);
  const layers: LayerSpecification[] = [];
  if (input.tilesets.buildings) layers.push(buildings(`marks-ids-building-${i}`, colour, filter));
  if (input.tilesets.network) layers.push(pipes(`marks-ids-pipe-${i}`, colour, filter, 14));
  if (input.tilesets.assets) layers.push(points(`marks-ids-asset-${i}`, colour, filter));
  return layers;
}

function isAmong(value: unknown[], ids: readonly number[]): FilterSpecification {
  return ["match", value, ids, true, false] as unknown as FilterSpecification;
}

function pipes(id: string, colour: string, filter: FilterSpecification, minzoom: number): LayerSpecification {
  const width = ["interpolate", ["linear"], ["zoom"], 10, 2, 14, 3.5, 18, 8] as unknown as ExpressionSpecification;
  return {
    id,
    type: "line",
    source: "network",
    "source-layer": "pipe",
    minzoom,
    filter,
    layout: { "line-cap": "round", "line-join": "round" },
    paint: { "line-color": colour, "line-width": width },
  };
}

function buildings(id: string, colour: string, filter: FilterSpecification): LayerSpecification {
  return {
    id,
    type: "fill",
    source: "buildings",
    "source-layer": "building",
    filter,
    paint: { "fill-color": colour, "fill-opacity": 0.55 },
  };
}

function points(id: string, colour: string, filter: FilterSpecification): LayerSpecification {
  return {
    id,
    type: "circle",
    source: "assets",
    "source-layer": "asset",
    filter,
    paint: {
      "circle-radius": ["interpolate", ["linear"], ["zoom"], 10, 3, 16, 9],
      "circle-color": "transparent",
      "circle-stroke-color": colour,
      "circle-stroke-width": 2.2,
    },
  };
}
