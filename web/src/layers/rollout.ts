import type { ExpressionSpecification } from "maplibre-gl";
import type { Rollout } from "../api/shapes";
import type { LayerDefinition } from "./definition";
import { COLOURS, RATE_RAMP } from "./palette";

/** Districts as GeoJSON with their clean-heating figures. */
export function rolloutFeatures(found: Rollout | null): GeoJSON.FeatureCollection {
  const features = (found?.items ?? []).flatMap(({ geometry, ...figures }): GeoJSON.Feature[] =>
    geometry === null
      ? []
      : [
          {
            type: "Feature",
            id: figures.area_id,
            geometry: geometry as unknown as GeoJSON.Geometry,
            properties: figures,
          },
        ],
  );
  return { type: "FeatureCollection", features };
}

export const rollout: LayerDefinition = {
  id: "rollout",
  group: "rollout",
  title: { zh: "各区清洁取暖率", en: "Clean-heating rate by district" },
  minZoom: 0,
  maxZoom: 24,
  build(input) {
    if (input.rollout === null) return [];
    // in 3D the scene draws the rates; here they stay to be hovered
    const opacity: ExpressionSpecification = ["interpolate", ["linear"], ["zoom"], 11, 0.45, 15, 0.22];
    const colour = [
      "interpolate",
      ["linear"],
      ["coalesce", ["get", "rate"], 0],
      ...RATE_RAMP.flat(),
    ] as unknown as ExpressionSpecification;
    return [
      {
        id: "rollout-fill",
        type: "fill",
        source: "rates",
        filter: ["!=", ["get", "rate"], null],
        paint: { "fill-color": colour, "fill-opacity": input.mode === "3d" ? 0 : opacity },
      },
      { id: "rollout-edge", type: "line", source: "rates", paint: { "line-color": COLOURS.text, "line-width": 1.5 } },
    ];
  },
};
