import type { LayerSpecification } from "maplibre-gl";
import { among, codesOf, FONT, type LayerDefinition, type LayerInput } from "./definition";
import { COLOURS } from "./palette";

const MAJOR = ["motorway", "trunk", "primary", "secondary"];
const BORDERS = ["district"];

function ground(): LayerSpecification[] {
  return [
    { id: "base-green", type: "fill", source: "base", "source-layer": "green", paint: { "fill-color": COLOURS.green } },
    { id: "base-water", type: "fill", source: "base", "source-layer": "water", paint: { "fill-color": COLOURS.water } },
  ];
}

function roads(input: LayerInput): LayerSpecification[] {
  const major = among("class", codesOf(input, "base", "road", "class", MAJOR));
  return [
    {
      id: "base-road",
      type: "line",
      source: "base",
      "source-layer": "road",
      layout: { "line-cap": "round", "line-join": "round" },
      paint: {
        "line-color": ["case", major as never, COLOURS.majorRoad, COLOURS.road],
        "line-width": [
          "interpolate",
          ["exponential", 1.6],
          ["zoom"],
          11,
          ["case", major as never, 1, 0.4],
          17,
          ["case", major as never, 14, 7],
        ],
      },
    },
  ];
}

function borders(input: LayerInput): LayerSpecification[] {
  return [
    {
      id: "base-border",
      type: "line",
      source: "base",
      "source-layer": "area",
      filter: among("kind", codesOf(input, "base", "area", "kind", BORDERS)),
      paint: {
        "line-color": input.imagery ? COLOURS.text : COLOURS.border,
        "line-width": 1.2,
        "line-dasharray": [4, 3],
      },
    },
  ];
}

function names(input: LayerInput): LayerSpecification[] {
  const more = input.imagery ? 0.8 : 0;
  const colour = input.imagery ? COLOURS.selected : undefined;
  return [
    {
      id: "base-road-name",
      type: "symbol",
      source: "base",
      "source-layer": "road",
      minzoom: 14,
      filter: ["has", "name"],
      layout: { "symbol-placement": "line", "text-field": ["get", "name"], "text-font": FONT, "text-size": 12 },
      paint: { "text-color": colour ?? "#8fb0cf", "text-halo-color": COLOURS.halo, "text-halo-width": 1.4 + more },
    },
    {
      id: "base-area-name",
      type: "symbol",
      source: "base",
      "source-layer": "area_name",
      maxzoom: 14,
      filter: ["all", ["has", "name"], among("kind", codesOf(input, "base", "area", "kind", BORDERS)) as never],
      layout: { "text-field": ["get", "name"], "text-font": FONT, "text-size": 14, "text-letter-spacing": 0.1 },
      paint: { "text-color": colour ?? COLOURS.text, "text-halo-color": COLOURS.halo, "text-halo-width": 1.6 + more },
    },
  ];
}

/** Road crossings: a small cross with the name. */
function crossings(input: LayerInput): LayerSpecification[] {
  if (!input.tilesets.assets) return [];
  return [
    {
      id: "base-crossing",
      type: "symbol",
      source: "assets",
      "source-layer": "asset",
      minzoom: 16,
      filter: among("kind", codesOf(input, "assets", "asset", "kind", ["crossing"])),
      layout: {
        "icon-image": "crossing",
        "icon-size": 0.5,
        "text-field": ["step", ["zoom"], "", 17, ["coalesce", ["get", "name"], ""]],
        "text-font": FONT,
        "text-size": 11,
        "text-anchor": "top",
        "text-offset": [0, 0.6],
        "text-optional": true,
      },
      paint: { "text-color": "#8fb0cf", "text-halo-color": COLOURS.halo, "text-halo-width": 1.4, "icon-opacity": 0.7 },
    },
  ];
}

export const base: LayerDefinition = {
  id: "base",
  group: "ground",
  title: { zh: "底图", en: "Base map" },
  minZoom: 8,
  maxZoom: 24,
  build(input) {
    if (!input.tilesets.base) return [];
    // imagery shows the ground itself
    const drawn = input.imagery ? [] : [...ground(), ...roads(input)];
    return [...drawn, ...borders(input), ...names(input), ...crossings(input)];
  },
};
