import type { LayerSpecification } from "maplibre-gl";
import type { Raster } from "../api/shapes";
import type { LayerInput } from "./definition";

const NAME = "satellite";

/** The imagery of a city, if it has one. */
export function imageryOf(rasters: readonly Raster[]): Raster | null {
  return rasters.find(({ layer, style }) => layer === NAME && style === "colour") ?? null;
}

/** Imagery below everything, a little darker and paler than it is: lines and names must stand out from it. */
export function satellite(input: LayerInput): LayerSpecification[] {
  if (!input.imagery) return [];
  const paint = { "raster-brightness-max": 0.82, "raster-saturation": -0.15 };
  return [{ id: NAME, type: "raster", source: NAME, paint }];
}
