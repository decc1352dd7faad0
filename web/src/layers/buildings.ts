import { dimmed, type LayerDefinition } from "./definition";
import { COLOURS } from "./palette";

export const BUILDINGS_FROM = 14;

export const buildings: LayerDefinition = {
  id: "buildings",
  group: "heat",
  title: { zh: "楼栋", en: "Buildings" },
  minZoom: BUILDINGS_FROM,
  maxZoom: 24,
  build(input) {
    if (!input.tilesets.buildings) return [];
    return [
      {
        id: "buildings-fill",
        type: "fill",
        source: "buildings",
        "source-layer": "building",
        minzoom: 13,
        paint: {
          "fill-color": COLOURS.building,
          "fill-outline-color": input.imagery ? COLOURS.text : COLOURS.buildingEdge,
          "fill-opacity": input.mode === "3d" ? 0.35 : input.imagery ? 0.3 : Math.max(0.6, dimmed(input, 0.95)),
        },
      },
    ];
  },
};
