/** Prisms of objects that no building houses: stations and devices that stand by themselves, in the colour of their state. */

import type { Layer } from "@deck.gl/core";
import { ColumnLayer } from "@deck.gl/layers";
import type { Map as MapLibreMap } from "maplibre-gl";
import type { LayerId } from "../layers/ids";
import type { TileJson } from "../state/app";
import { STATUS_COLOURS, statusName } from "../state/status";
import { assetIdOf, kindOf } from "./features";
import { type Rgb, rgb, type Statuses } from "./tiles3d/features";

export const POSTS = "posts";

/** Radius and height in metres, and the layer whose switch the kind follows. */
const SHAPES: Record<string, { radius: number; height: number; layer: LayerId }> = {
  plant: { radius: 30, height: 40, layer: "stations" },
  boiler_house: { radius: 14, height: 18, layer: "stations" },
  plant_branch: { radius: 5, height: 10, layer: "stations" },
  substation: { radius: 7, height: 7, layer: "stations" },
  heating_device: { radius: 3, height: 4, layer: "devices" },
};
/** Prisms are seen from this zoom on; further out the signs of the flat map tell more. */
const FROM_ZOOM = 14.5;
/** A window never shows more: each prism is drawn by itself. */
const MOST = 2000;

export interface Post {
  assetId: number;
  kind: string;
  name: string | null;
  position: [number, number];
}

/** What stands in the window by itself, from the tiles that the map has read. */
export function standing(
  map: MapLibreMap,
  tilesets: Record<string, TileJson>,
  visible: readonly LayerId[],
  isHoused: (assetId: number) => boolean,
): Post[] {
  if (map.getZoom() < FROM_ZOOM || map.getSource("assets") === undefined) return [];
  const found = new Map<number, Post>();
  const box = map.getBounds();
  for (const feature of map.querySourceFeatures("assets", { sourceLayer: "asset" })) {
    const known = { id: feature.id, properties: feature.properties, source: "assets", sourceLayer: "asset" };
    const [assetId, kind] = [assetIdOf(known), kindOf(known, tilesets)];
    if (assetId === null || kind === null || isHoused(assetId) || feature.geometry.type !== "Point") continue;
    const shape = SHAPES[kind];
    const [lon = 0, lat = 0] = feature.geometry.coordinates;
    if (shape === undefined || !visible.includes(shape.layer) || !box.contains([lon, lat])) continue;
    found.set(assetId, { assetId, kind, name: feature.properties.name ?? null, position: [lon, lat] });
    if (found.size === MOST) break;
  }
  return [...found.values()];
}

/** The colour of a post: the state of its object as at every station, stale and unknown are grey. */
export function postColour(code: number | undefined): Rgb {
  return rgb(STATUS_COLOURS[statusName(code ?? 0)]);
}

export function postsLayers(
  posts: readonly Post[],
  statuses: Statuses,
  selected: number | null,
  revision: number,
): Layer[] {
  const kinds = [...new Set(posts.map(({ kind }) => kind))].sort();
  return kinds.map((kind) => {
    const { radius, height } = SHAPES[kind] as { radius: number; height: number };
    return new ColumnLayer<Post>({
      id: `${POSTS}-${kind}`,
      data: posts.filter((post) => post.kind === kind),
      diskResolution: 6,
      radius,
      extruded: true,
      pickable: true,
      getPosition: ({ position }) => position,
      getElevation: ({ assetId }) => (assetId === selected ? 1.6 * height : height),
      getFillColor: ({ assetId }) => [...postColour(statuses.get(assetId))] as [number, number, number],
      updateTriggers: { getFillColor: revision, getElevation: selected },
    });
  });
}
