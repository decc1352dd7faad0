import { dimmed, type LayerDefinition } from "./definition";
import { COLOURS, IN_ALARM, STATUS_COLOUR } from "./palette";

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
          // a building in alarm has its colour; what else it reports is told at its stations
          "fill-color": ["case", IN_ALARM, STATUS_COLOUR, COLOURS.building],
          "fill-outline-color": input.imagery ? COLOURS.text : COLOURS.buildingEdge,
          "fill-opacity": input.mode === "3d" ? 0.35 : input.imagery ? 0.3 : Math.max(0.6, dimmed(input, 0.95)),
        },
      },
    ];
  },
};
