import type { FilterSpecification, LayerSpecification } from "maplibre-gl";
import type { Role } from "../state/overlay";
import { FONT } from "./definition";
import { COLOURS } from "./palette";

/** How each role is drawn: lines differ by their dashes as well as by their colour. */
export interface RoleStyle {
  colour: string;
  dashes: readonly number[] | null;
  width: number;
  fill: number;
}

export const ROLE_STYLES: Record<Role, RoleStyle> = {
  before: { colour: "#fef08a", dashes: [1.6, 1.2], width: 4.5, fill: 0.12 },
  after: { colour: "#4ade80", dashes: null, width: 4, fill: 0.18 },
  past: { colour: "#c4b5fd", dashes: [4, 2], width: 3, fill: 0.12 },
  declared: { colour: "#f8fafc", dashes: [3, 2], width: 2.4, fill: 0 },
  derived: { colour: "#38bdf8", dashes: null, width: 1.6, fill: 0.28 },
  residual: { colour: "#67e8f9", dashes: null, width: 2.4, fill: 0 },
  suspect: { colour: "#e879f9", dashes: null, width: 3.2, fill: 0 },
  shape: { colour: "#f8fafc", dashes: [2, 2], width: 2, fill: 0.1 },
  inside: { colour: "#4ade80", dashes: null, width: 2.5, fill: 0.2 },
  nearest: { colour: "#facc15", dashes: null, width: 2.5, fill: 0.2 },
  // classes of air from excellent to severely polluted; the standard's red is left to alarms
  "air-1": { colour: "#6ee7b7", dashes: null, width: 1.4, fill: 0.2 },
  "air-2": { colour: "#fde047", dashes: null, width: 1.4, fill: 0.2 },
  "air-3": { colour: "#fdba74", dashes: null, width: 1.4, fill: 0.24 },
  "air-4": { colour: "#e0a0f8", dashes: null, width: 1.4, fill: 0.28 },
  "air-5": { colour: "#a855f7", dashes: null, width: 1.4, fill: 0.3 },
  "air-6": { colour: "#7e22ce", dashes: null, width: 1.4, fill: 0.36 },
};
const GEOMETRIES = {
  area: ["Polygon", "MultiPolygon"],
  line: ["LineString", "MultiLineString", "Polygon", "MultiPolygon"],
  point: ["Point", "MultiPoint"],
} as const;

function of(role: Role, geometry: keyof typeof GEOMETRIES): FilterSpecification {
  const types = ["match", ["geometry-type"], [...GEOMETRIES[geometry]], true, false];
  return ["all", ["==", ["get", "role"], role], types] as unknown as FilterSpecification;
}

function layersOf(role: Role): LayerSpecification[] {
  const { colour, dashes, width, fill } = ROLE_STYLES[role];
  return [
    {
      id: `overlay-${role}-area`,
      type: "fill",
      source: "overlay",
      filter: of(role, "area"),
      paint: { "fill-color": colour, "fill-opacity": fill },
    },
    {
      id: `overlay-${role}-line`,
      type: "line",
      source: "overlay",
      filter: of(role, "line"),
      paint: {
        "line-color": colour,
        "line-width": width,
        ...(dashes === null ? {} : { "line-dasharray": [...dashes] }),
      },
    },
    {
      id: `overlay-${role}-point`,
      type: "circle",
      source: "overlay",
      filter: of(role, "point"),
      paint: {
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 10, 3, 16, 7],
        "circle-color": dashes === null ? colour : "transparent",
        "circle-stroke-color": dashes === null ? COLOURS.ground : colour,
        "circle-stroke-width": dashes === null ? 1.5 : 2.5,
      },
    },
    {
      id: `overlay-${role}-label`,
      type: "symbol",
      source: "overlay",
      filter: ["all", ["==", ["get", "role"], role], ["has", "label"]] as never,
      layout: {
        "text-field": ["get", "label"],
        "text-font": FONT,
        "text-size": 12,
        "text-anchor": "top",
        "text-offset": [0, 0.8],
        "text-optional": true,
      },
      paint: { "text-color": colour, "text-halo-color": COLOURS.halo, "text-halo-width": 1.6 },
    },
  ];
}

/** What the open panel draws, over everything else. */
export function overlayLayers(roles: readonly Role[]): LayerSpecification[] {
  return roles.flatMap(layersOf);
}

/** The shape that is being drawn. */
export function drawingLayers(): LayerSpecification[] {
  const { colour } = ROLE_STYLES.shape;
  return [
    { id: "drawing-area", type: "fill", source: "drawing", paint: { "fill-color": colour, "fill-opacity": 0.1 } },
    {
      id: "drawing-line",
      type: "line",
      source: "drawing",
      paint: { "line-color": colour, "line-width": 2, "line-dasharray": [2, 2] },
    },
  ];
}
