/** The direction of the water in a pipe as last solved; pure. */

import type { LayerSpecification } from "maplibre-gl";
import type { Asset } from "../api/shapes";
import type { LayerInput } from "./definition";

const AGAINST = 1;

/** The line of a pipe in the direction of its water; null where none is known, or where it stands. */
export function flowOf(asset: Asset | null): LayerInput["selectedFlow"] {
  const direction = asset?.solved?.flow_direction;
  const geometry = asset?.geometry as unknown as GeoJSON.Geometry | null | undefined;
  if (!asset?.solved || (direction !== 0 && direction !== AGAINST) || !geometry) return null;
  const way = direction === AGAINST ? turned(geometry) : geometry;
  return way.type === "LineString" || way.type === "MultiLineString" ? { way, stale: asset.solved.stale } : null;
}

function turned(geometry: GeoJSON.Geometry): GeoJSON.Geometry {
  if (geometry.type === "LineString") return { ...geometry, coordinates: [...geometry.coordinates].reverse() };
  if (geometry.type !== "MultiLineString") return geometry;
  const lines = [...geometry.coordinates].reverse();
  return { ...geometry, coordinates: lines.map((line) => [...line].reverse()) };
}

/** Arrows along the selected pipe; paler when the network has changed since the solve. */
export function flowLayers({ selectedFlow }: LayerInput): LayerSpecification[] {
  if (selectedFlow === null) return [];
  const arrows = (id: string, placement: "line" | "line-center"): LayerSpecification => ({
    id,
    type: "symbol",
    source: "selected",
    filter: ["==", ["geometry-type"], "LineString"],
    layout: {
      "symbol-placement": placement,
      "symbol-spacing": 70,
      "icon-image": "flow",
      "icon-size": ["interpolate", ["linear"], ["zoom"], 12, 0.5, 17, 1],
      "icon-keep-upright": false,
      "icon-allow-overlap": true,
      "icon-ignore-placement": true,
    },
    paint: { "icon-opacity": selectedFlow.stale ? 0.5 : 1 },
  });
  // one in the middle, however short the pipe; more along a long one
  return [arrows("selected-flow", "line-center"), arrows("selected-flow-along", "line")];
}
