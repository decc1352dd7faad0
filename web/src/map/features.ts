import type { MapGeoJSONFeature } from "maplibre-gl";
import type { TileJson } from "../state/app";

type Feature = Pick<MapGeoJSONFeature, "id" | "source" | "sourceLayer" | "properties">;

/** The asset that a drawn feature stands for. */
export function assetIdOf(feature: Feature | undefined): number | null {
  const id = feature?.id ?? feature?.properties.asset_id;
  return id === undefined || id === null ? null : Number(id);
}

/** The kind of that asset: told by the feature itself, by its layer, or by the codes of its tileset. */
export function kindOf(feature: Feature, tilesets: Record<string, TileJson>): string | null {
  const { kind } = feature.properties;
  if (typeof kind === "string") return kind;
  if (feature.source === "network") return "pipe";
  if (feature.source === "buildings") return "building";
  const layer = tilesets[feature.source]?.vector_layers.find((one) => one.id === feature.sourceLayer);
  return layer?.codes.kind?.[String(kind)] ?? null;
}
