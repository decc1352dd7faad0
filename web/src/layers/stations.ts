import type { ExpressionSpecification, LayerSpecification } from "maplibre-gl";
import { among, codesOf, FONT, type LayerDefinition, type LayerInput } from "./definition";
import { COLOURS, IN_ALARM, STATUS_COLOUR } from "./palette";

const STATIONS = ["substation"];
const SOURCES = ["plant", "boiler_house"];

function bySize(small: number, large: number, factor = 1): ExpressionSpecification {
  return ["interpolate", ["linear"], ["zoom"], 11, small * factor, 17, large * factor];
}

function glow(input: LayerInput): LayerSpecification {
  return {
    id: "stations-glow",
    type: "circle",
    source: "assets",
    "source-layer": "asset",
    filter: among("kind", codesOf(input, "assets", "asset", "kind", STATIONS)),
    paint: {
      "circle-radius": bySize(4, 11, 2.6),
      "circle-blur": 1,
      "circle-color": STATUS_COLOUR,
      "circle-opacity": ["case", IN_ALARM, 0.95, 0.3],
    },
  };
}

function dots(input: LayerInput): LayerSpecification {
  return {
    id: "stations-dot",
    type: "circle",
    source: "assets",
    "source-layer": "asset",
    filter: among("kind", codesOf(input, "assets", "asset", "kind", STATIONS)),
    paint: {
      "circle-radius": bySize(3, 8),
      "circle-color": STATUS_COLOUR,
      "circle-stroke-color": ["case", IN_ALARM, "#ffffff", COLOURS.ground],
      "circle-stroke-width": ["case", IN_ALARM, 2, 1.5],
    },
  };
}

function plantName(input: LayerInput): ExpressionSpecification {
  const plant = codesOf(input, "assets", "asset", "kind", ["plant"]);
  return ["case", ["in", ["coalesce", ["get", "kind"], -1], ["literal", plant]], ["coalesce", ["get", "name"], ""], ""];
}

function plants(input: LayerInput): LayerSpecification {
  return {
    id: "stations-source",
    type: "symbol",
    source: "assets",
    "source-layer": "asset",
    filter: among("kind", codesOf(input, "assets", "asset", "kind", SOURCES)),
    layout: {
      "icon-image": "source",
      "icon-size": bySize(0.6, 1.1),
      "icon-allow-overlap": true,
      // a city has six plants and 160 boiler houses: those are named where there is room
      "text-field": ["step", ["zoom"], plantName(input), 12.5, ["coalesce", ["get", "name"], ""]],
      "text-font": FONT,
      "text-size": 13,
      "text-anchor": "top",
      "text-offset": [0, 1],
      "text-optional": true,
    },
    paint: { "text-color": COLOURS.source, "text-halo-color": COLOURS.halo, "text-halo-width": 1.6 },
  };
}

function names(input: LayerInput): LayerSpecification {
  return {
    id: "stations-name",
    type: "symbol",
    source: "assets",
    "source-layer": "asset",
    minzoom: 14.5,
    filter: among("kind", codesOf(input, "assets", "asset", "kind", STATIONS)),
    layout: {
      "text-field": ["get", "name"],
      "text-font": FONT,
      "text-size": 12,
      "text-anchor": "left",
      "text-offset": [1.1, 0],
    },
    paint: { "text-color": COLOURS.text, "text-halo-color": COLOURS.halo, "text-halo-width": 1.6 },
  };
}

export const stations: LayerDefinition = {
  id: "stations",
  group: "heat",
  title: { zh: "热源与换热站", en: "Sources and substations" },
  minZoom: 8,
  maxZoom: 24,
  build: (input) => (input.tilesets.assets ? [glow(input), dots(input), plants(input), names(input)] : []),
};
