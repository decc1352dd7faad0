import type { LayerSpecification, SourceSpecification, StyleSpecification } from "maplibre-gl";
import type { Raster } from "../api/shapes";
import { alarmFeatures } from "../layers/alarms";
import type { LayerDefinition, LayerInput } from "../layers/definition";
import { fieldLayer, fieldSources, fieldStations } from "../layers/field";
import { LAYER_IDS, type LayerId } from "../layers/ids";
import { impactAbove, impactBelow, impactFeatures } from "../layers/impact";
import { markFeatures, marksAbove, marksBelow } from "../layers/marks";
import { drawingLayers, overlayLayers } from "../layers/overlay";
import { COLOURS } from "../layers/palette";
import { LAYERS } from "../layers/registry";
import { rolloutFeatures } from "../layers/rollout";
import { ROLLOUT } from "../layers/rolloutAreas";
import { PROJECTS, projectCollection } from "../layers/rolloutProjects";
import { imageryOf, satellite } from "../layers/satellite";
import type { TileJson } from "../state/app";
import { rolesIn } from "../state/overlay";
import { ownAddress, withQuery } from "./addresses";
import { magnified } from "./magnify";

/** Points stand above the drawn answer, lines and areas below it. */
const ABOVE_IMPACT: readonly LayerId[] = [
  "devices",
  "weather",
  "stations",
  "mains",
  "fittings",
  "rollout-projects",
  "problems",
  "alarms",
];

const PROBLEMS = "problems";
const NETWORK = "network";

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
  const drawn = (wanted: (layer: LayerDefinition) => boolean) =>
    built.filter(wanted).flatMap((layer) => limited(layer.minZoom, layer.build(input)));
  const isAbove = ({ id }: LayerDefinition) => ABOVE_IMPACT.includes(id);
  const isGround = ({ id }: LayerDefinition) => LAYER_IDS.indexOf(id) < LAYER_IDS.indexOf("network");
  const worked = [...overlayLayers(rolesIn(input.overlay)), ...drawingLayers()];
  return {
    ...EMPTY_STYLE,
    sources: buildSources(input, origin),
    layers: [
      ...EMPTY_STYLE.layers,
      ...satellite(input),
      ...drawn(isGround),
      ...fieldLayer(input),
      ...drawn((layer) => !isGround(layer) && !isAbove(layer)),
      ...impactBelow(input),
      ...marksBelow(input),
      ...drawn(isAbove),
      ...fieldStations(input),
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
    rates: { type: "geojson", data: rolloutFeatures(input.rollout) },
    [PROJECTS]: { type: "geojson", data: projectCollection(input.rolloutMap.projects), tolerance: 0 },
    alarms: { type: "geojson", data: alarmFeatures(input.alarms, input.lang) },
    // tolerance 0: no asset of an answer may vanish by simplification
    impact: { type: "geojson", data: impactFeatures(input.impact), tolerance: 0 },
    selected: { type: "geojson", data: selectedFeatures(input), tolerance: 0 },
    drawing: { type: "geojson", data: { type: "FeatureCollection", features: [] } },
    marks: { type: "geojson", data: markFeatures(input.marks), tolerance: 0 },
    overlay: { type: "geojson", data: { type: "FeatureCollection", features: input.overlay.features }, tolerance: 0 },
  };
  for (const [name, tileset] of Object.entries(input.tilesets)) {
    sources[name] = vectorSource(tileset, origin, marksOf(name, tileset, input));
  }
  const hillshade = input.rasters.find((raster) => raster.style === "hillshade");
  if (hillshade !== undefined) sources.hillshade = rasterSource(hillshade, origin);
  const imagery = input.imagery ? imageryOf(input.rasters) : null;
  if (imagery !== null) sources.satellite = rasterSource(imagery, origin);
  return { ...sources, ...(input.field === null ? {} : fieldSources(input.field, origin)) };
}

/** What is added to the address of tiles: attributes that few colourings need, and what makes the map ask again. */
function marksOf(name: string, { version }: TileJson, { colouring, problems }: LayerInput): Record<string, string> {
  const wanted = name === NETWORK ? (colouring?.with ?? []) : [];
  // a decision about a problem and a row of a register change tiles, not the version of the assets
  const revision = name === PROBLEMS || name === ROLLOUT ? problems.revision : 0;
  return {
    ...(wanted.length > 0 ? { with: wanted.join(",") } : {}),
    ...(version ? { v: version } : {}),
    ...(revision > 0 ? { r: String(revision) } : {}),
  };
}

function vectorSource(tileset: TileJson, origin: string, marks: Record<string, string>): SourceSpecification {
  return {
    type: "vector",
    tiles: tileset.tiles.map((template) => withQuery(ownAddress(template, origin), marks)),
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
