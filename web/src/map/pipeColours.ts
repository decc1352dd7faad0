/** Colours of the pipes in the window as the flat map has them, for the tubes of the 3D scene. */

import type { Map as MapLibreMap } from "maplibre-gl";
import type { Colouring } from "../api/shapes";
import { colourOfValue } from "../layers/colouring";
import { assetIdOf } from "./features";
import { type Rgb, rgb } from "./tiles3d/features";

/** What a pipe is coloured by stands in the tiles that the map has read, not in those of its tubes. */
export function pipeColours(map: MapLibreMap, colouring: Colouring | null): Map<number, Rgb> {
  const found = new Map<number, Rgb>();
  if (colouring === null || map.getSource("network") === undefined) return found;
  for (const { id, properties } of map.querySourceFeatures("network", { sourceLayer: "pipe" })) {
    const assetId = assetIdOf({ id, properties, source: "network", sourceLayer: "pipe" });
    if (assetId !== null) found.set(assetId, rgb(colourOfValue(colouring, properties[colouring.attribute])));
  }
  return found;
}
