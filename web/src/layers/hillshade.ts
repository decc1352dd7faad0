import type { LayerDefinition } from "./definition";

export const hillshade: LayerDefinition = {
  id: "hillshade",
  group: "ground",
  title: { zh: "地形阴影", en: "Hillshade" },
  minZoom: 8,
  maxZoom: 24,
  build(input) {
    if (!input.rasters.some((raster) => raster.style === "hillshade")) return [];
    return [{ id: "hillshade", type: "raster", source: "hillshade", paint: { "raster-opacity": 0.35 } }];
  },
};
