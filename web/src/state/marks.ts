/** What a planner's panel draws over the map: geometry in any colour, signs, and assets by their ids. */

/** Signs that a point can carry; drawn in `map/valvePictures.ts`. */
export const MARK_SIGNS = [
  "valve-close",
  "valve-stuck",
  "valve-closed",
  "valve-open",
  "valve-off-closed",
  "valve-off-open",
] as const;
export type ValveSign = (typeof MARK_SIGNS)[number];
/** Signs of warnings by level; drawn in `map/warningPictures.ts`. */
export type WarningSign = "warning-1" | "warning-2" | "warning-3" | "warning-4";
export type MarkSign = ValveSign | WarningSign;

export interface MarkStyle {
  /** Never red, which is an alarm's. */
  colour: string;
  /** Width of a line in pixels at zoom 15; 4 when left out. */
  width?: number;
  /** Opacity of a line or point; 1 when left out. */
  opacity?: number;
  /** Opacity of an area; 0.25 when left out. */
  fill?: number;
  /** Radius of a point in pixels at zoom 15; 5 when left out. */
  radius?: number;
  /** Stands beside a point or line. */
  label?: string;
  /** The label is for those who are near: from zoom 14 on. */
  near?: true;
  /** A sign in place of the circle of a point. */
  sign?: MarkSign;
  /** What a click on it selects (or picks, while assets are picked). */
  asset_id?: number;
  kind?: string;
}

export interface MarkFeature {
  type: "Feature";
  geometry: GeoJSON.Geometry;
  properties: MarkStyle;
}

export interface MarkedIds {
  colour: string;
  ids: readonly number[];
  /** `assets` when left out. */
  of?: "assets" | "segments";
}

export interface MarkLegend {
  colour: string;
  label: string;
  sign?: MarkSign;
}

export interface Marks {
  features: readonly MarkFeature[];
  /**
   * Things in a colour, by ids. Assets: pipes and buildings from zoom 14 on, the others where the map draws them. Segments
   * (all pipes between the same valves): at every zoom of the network.
   */
  ids: readonly MarkedIds[];
  legend: readonly MarkLegend[];
  /** Dims what lies around. */
  dims: boolean;
}

export const NO_MARKS: Marks = { features: [], ids: [], legend: [], dims: false };

/** Geometry of the server in a style; nothing for null. */
export function marked(geometry: object | null | undefined, style: MarkStyle): MarkFeature[] {
  if (geometry === null || geometry === undefined) return [];
  return [{ type: "Feature", geometry: geometry as GeoJSON.Geometry, properties: style }];
}

export function markedPoint(position: readonly number[] | null | undefined, style: MarkStyle): MarkFeature[] {
  return position === null || position === undefined
    ? []
    : marked({ type: "Point", coordinates: [position[0], position[1]] }, style);
}

/** Every feature of a FeatureCollection of the server, each in the style that `styleOf` gives for it (null: not drawn). */
export function markedAll(
  collection: object | null | undefined,
  styleOf: (feature: GeoJSON.Feature) => MarkStyle | null,
): MarkFeature[] {
  const features = (collection as GeoJSON.FeatureCollection | null | undefined)?.features ?? [];
  return features.flatMap((feature) => {
    const style = styleOf(feature);
    if (style === null) return [];
    const id = feature.id === undefined ? {} : { asset_id: Number(feature.id) };
    return marked(feature.geometry, { ...id, ...style });
  });
}
