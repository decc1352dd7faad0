import type { LayerSpecification, SourceSpecification, StyleSpecification } from "maplibre-gl";
import type { Raster } from "../api/shapes";
import { alarmFeatures } from "../layers/alarms";
import type { LayerInput } from "../layers/definition";
import type { LayerId } from "../layers/ids";
import { impactAbove, impactBelow, impactFeatures } from "../layers/impact";
import { markFeatures, marksAbove, marksBelow } from "../layers/marks";
import { drawingLayers, overlayLayers } from "../layers/overlay";
import { COLOURS } from "../layers/palette";
import { LAYERS } from "../layers/registry";
import { rolloutFeatures } from "../layers/rollout";
import type { TileJson } from "../state/app";
import { rolesIn } from "../state/overlay";
import { magnified } from "./magnify";

/** Points stand above the drawn answer, lines and areas below it. */
const ABOVE_IMPACT: readonly LayerId[] = ["devices", "weather", "stations", "mains", "fittings", "problems", "alarms"];

const PROBLEMS = "problems";

export const EMPTY_STYLE: StyleSpecification = {
  version: 8,
  sources: {},
  layers: [{ id: "ground", type: "background", paint: { "background-color": COLOURS.ground } }],
};

/**
 * The whole map as a function of the state. There is no `glyphs` entry: MapLibre then draws all text, Chinese too, with
 * fonts of the machine and asks nobody for them.
 */
export function buildStyle(
  input: LayerInput,
  visible: readonly LayerId[],
  origin: string,
  magnify = 1,
): StyleSpecification {
  const built = LAYERS.filter((layer) => visible.includes(layer.id));
  const below = built
    .filter((layer) => !ABOVE_IMPACT.includes(layer.id))
    .flatMap((layer) => limited(layer.minZoom, layer.build(input)));
  const above = built
    .filter((layer) => ABOVE_IMPACT.includes(layer.id))
    .flatMap((layer) => limited(layer.minZoom, layer.build(input)));
  const worked = [...overlayLayers(rolesIn(input.overlay)), ...drawingLayers()];
  return {
    ...EMPTY_STYLE,
    sources: buildSources(input, origin),
    layers: [
      ...EMPTY_STYLE.layers,
      ...below,
      ...impactBelow(input),
      ...marksBelow(input),
      ...above,
      ...impactAbove(input),
      ...worked,
      ...marksAbove(input),
    ].map((layer) => magnified(layer, magnify)),
  };
}

function limited(minZoom: number, layers: LayerSpecification[]): LayerSpecification[] {
  return layers.map((layer) => ({ ...layer, minzoom: Math.max(minZoom, layer.minzoom ?? 0) }));
}

function buildSources(input: LayerInput, origin: string): Record<string, SourceSpecification> {
  const sources: Record<string, SourceSpecification> = {
    rollout: { type: "geojson", data: rolloutFeatures(input.rollout) },
    alarms: { type: "geojson", data: alarmFeatures(input.alarms, input.lang) },
    // tolerance 0: no asset of an answer may vanish by simplification
    impact: { type: "geojson", data: impactFeatures(input.impact), tolerance: 0 },
    selected: { type: "geojson", data: selectedFeatures(input), tolerance: 0 },
    drawing: { type: "geojson", data: { type: "FeatureCollection", features: [] } },
    marks: { type: "geojson", data: markFeatures(input.marks), tolerance: 0 },
    overlay: { type: "geojson", data: { type: "FeatureCollection", features: input.overlay.features }, tolerance: 0 },
  };
  for (const [name, tileset] of Object.entries(input.tilesets)) {
    // a decision about a problem changes its tiles, not the version of the assets
    sources[name] = vectorSource(tileset, origin, name === PROBLEMS ? input.problems.revision : 0);
  }
  const hillshade = input.rasters.find((raster) => raster.style === "hillshade");
  if (hillshade !== undefined) sources.hillshade = rasterSource(hillshade, origin);
  return sources;
}

/** Tiles are asked from the page's own origin, whatever host name the TileJSON was written with. */
export function ownAddress(template: string, origin: string): string {
  return template.replace(/^https?:\/\/[^/]+/, origin);
}

/** The version in the address makes the map ask again when the tiles were built anew. */
function vectorSource(tileset: TileJson, origin: string, revision: number): SourceSpecification {
  const marks = [tileset.version ? `v=${tileset.version}` : "", revision > 0 ? `r=${revision}` : ""].filter(Boolean);
  const marked = (address: string) => [address, ...marks].join(address.includes("?") ? "&" : "?");
  return {
    type: "vector",
    tiles: tileset.tiles.map((template) => marked(ownAddress(template, origin))),
    minzoom: tileset.minzoom,
    maxzoom: tileset.maxzoom,
    ...(tileset.bounds ? { bounds: tileset.bounds } : {}),
    ...(tileset.attribution ? { attribution: tileset.attribution } : {}),
  };
}

function rasterSource(raster: Raster, origin: string): SourceSpecification {
  const { minzoom, maxzoom, bounds, attribution } = raster;
  return {
    type: "raster",
    tiles: [ownAddress(raster.tiles, origin)],
    tileSize: 256,
    minzoom,
    maxzoom,
    bounds,
    attribution,
  };
}

/** Where the selected asset stands, and the way of its water. */
function selectedFeatures({ selectedAt, selectedFlow }: LayerInput): GeoJSON.FeatureCollection {
  const feature = (geometry: GeoJSON.Geometry): GeoJSON.Feature => ({ type: "Feature", geometry, properties: {} });
  return {
    type: "FeatureCollection",
    features: [
      ...(selectedAt === null ? [] : [feature({ type: "Point", coordinates: selectedAt })]),
      ...(selectedFlow === null ? [] : [feature(selectedFlow.way)]),
    ],
  };
}
