import { among, codesOf, dimmed, type LayerDefinition } from "./definition";
import { COLOURS } from "./palette";

const FITTINGS = ["valve", "chamber", "building_inlet"];
const PIPE_POINTS_FROM = 16.5;

export const fittings: LayerDefinition = {
  id: "fittings",
  group: "heat",
  title: { zh: "阀门、小室、管点", en: "Valves, chambers, fittings" },
  minZoom: 15,
  maxZoom: 24,
  build(input) {
    if (!input.tilesets.assets) return [];
    const valve = codesOf(input, "assets", "asset", "kind", ["valve"]);
    const isValve = ["in", ["coalesce", ["get", "kind"], -1], ["literal", valve]] as never;
    return [
      {
        id: "fittings-point",
        type: "circle",
        source: "assets",
        "source-layer": "asset",
        minzoom: PIPE_POINTS_FROM,
        filter: among("kind", codesOf(input, "assets", "asset", "kind", ["pipe_point"])),
        paint: {
          "circle-radius": 1.6,
          "circle-color": COLOURS.valve,
          "circle-opacity": dimmed(input, 0.7),
        },
      },
      {
        id: "fittings-dot",
        type: "circle",
        source: "assets",
        "source-layer": "asset",
        minzoom: 15,
        filter: among("kind", codesOf(input, "assets", "asset", "kind", FITTINGS)),
        paint: {
          "circle-radius": [
            "interpolate",
            ["linear"],
            ["zoom"],
            15,
            ["case", isValve, 2.2, 1.2],
            19,
            ["case", isValve, 6, 4],
          ],
          "circle-color": COLOURS.ground,
          "circle-stroke-color": ["case", isValve, COLOURS.valve, COLOURS.secondary],
          "circle-stroke-width": 1.4,
          "circle-opacity": dimmed(input, 1),
          "circle-stroke-opacity": dimmed(input, 1),
        },
      },
    ];
  },
};
