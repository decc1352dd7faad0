import type { LayerSpecification } from "maplibre-gl";
import { among, codesOf, FONT, type LayerInput } from "./definition";
import { COLOURS } from "./palette";

/** A kind that the map shows by a sign of its own shape; the sign has the name of the kind. */
export interface Sign {
  kind: string;
  /** First zoom. */
  from: number;
  /** Zoom from which its name stands beside it. */
  named: number;
  size: readonly [small: number, large: number];
}

/** One symbol layer a kind, so that each has its own zooms. */
export function signs(
  input: LayerInput,
  prefix: string,
  colour: string,
  wanted: readonly Sign[],
): LayerSpecification[] {
  if (!input.tilesets.assets) return [];
  return wanted.map(({ kind, from, named, size }) => ({
    id: `${prefix}-${kind}`,
    type: "symbol",
    source: "assets",
    "source-layer": "asset",
    minzoom: from,
    filter: among("kind", codesOf(input, "assets", "asset", "kind", [kind])),
    layout: {
      "icon-image": kind,
      "icon-size": ["interpolate", ["linear"], ["zoom"], from, size[0], from + 5, size[1]],
      "icon-allow-overlap": true,
      "text-field": ["step", ["zoom"], "", named, ["coalesce", ["get", "name"], ""]],
      "text-font": FONT,
      "text-size": 12,
      "text-anchor": "top",
      "text-offset": [0, 1],
      "text-optional": true,
    },
    paint: { "text-color": colour, "text-halo-color": COLOURS.halo, "text-halo-width": 1.6 },
  }));
}
