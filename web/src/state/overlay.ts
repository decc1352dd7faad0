/** What the open panel draws over the map, each feature by its role. */

export const ROLES = [
  "before",
  "after",
  "past",
  "declared",
  "derived",
  "residual",
  "suspect",
  "shape",
  "inside",
  "nearest",
  "air-1",
  "air-2",
  "air-3",
  "air-4",
  "air-5",
  "air-6",
] as const;
export type Role = (typeof ROLES)[number];

export interface OverlayFeature {
  type: "Feature";
  geometry: GeoJSON.Geometry;
  properties: { role: Role; label?: string; asset_id?: number };
}

export interface Overlay {
  type: "FeatureCollection";
  features: OverlayFeature[];
  /** What the legend adds to the role: by how much vectors are lengthened. */
  note?: string;
}

export const NO_OVERLAY: Overlay = { type: "FeatureCollection", features: [] };

/** GeoJSON of the server as a feature of a role; nothing for null. */
export function drawn(geometry: object | null | undefined, role: Role, label?: string): OverlayFeature[] {
  if (geometry === null || geometry === undefined) return [];
  const properties = label === undefined ? { role } : { role, label };
  return [{ type: "Feature", geometry: geometry as GeoJSON.Geometry, properties }];
}

export function overlayOf(...groups: readonly OverlayFeature[][]): Overlay {
  return { type: "FeatureCollection", features: groups.flat() };
}

export function rolesIn(overlay: Overlay): Role[] {
  return ROLES.filter((role) => overlay.features.some((feature) => feature.properties.role === role));
}
