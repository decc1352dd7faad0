import type { LayerSpecification } from "maplibre-gl";
import { among, codesOf, FONT, type LayerDefinition, type LayerInput } from "./definition";
import { COLOURS } from "./palette";

/** Kind, colour, width and dashes of its border, zooms between which its name stands. */
const BORDERS = [
  { kind: "zone", colour: COLOURS.zone, width: 1.8, dashes: [6, 2], named: [9, 15] },
  { kind: "township", colour: COLOURS.township, width: 1.2, dashes: [4, 2], named: [11, 15] },
  { kind: "subdistrict", colour: COLOURS.subdistrict, width: 1.2, dashes: [4, 2], named: [12, 15] },
  { kind: "community", colour: COLOURS.community, width: 0.9, dashes: [2, 2], named: [14, 17] },
] as const;
const VILLAGES_FROM = 12.5;

export const AREA_LEGEND = BORDERS.map(({ kind, colour }) => ({ kind, colour }));

function border(input: LayerInput, { kind, colour, width, dashes }: (typeof BORDERS)[number]): LayerSpecification {
  return {
    id: `areas-${kind}`,
    type: "line",
    source: "base",
    "source-layer": "area",
    filter: among("kind", codesOf(input, "base", "area", "kind", [kind])),
    paint: { "line-color": colour, "line-width": width, "line-dasharray": [...dashes], "line-opacity": 0.85 },
  };
}

function name(input: LayerInput, { kind, colour, named }: (typeof BORDERS)[number]): LayerSpecification {
  return {
    id: `areas-${kind}-name`,
    type: "symbol",
    source: "base",
    "source-layer": "area_name",
    minzoom: named[0],
    maxzoom: named[1],
    filter: ["all", ["has", "name"], among("kind", codesOf(input, "base", "area", "kind", [kind])) as never],
    layout: { "text-field": ["get", "name"], "text-font": FONT, "text-size": 12 },
    paint: { "text-color": colour, "text-halo-color": COLOURS.halo, "text-halo-width": 1.6 },
  };
}

/** Villages are points or areas; both are points in the tiles. */
function villages(input: LayerInput): LayerSpecification[] {
  if (!input.tilesets.assets) return [];
  return [
    {
      id: "areas-village",
      type: "symbol",
      source: "assets",
      "source-layer": "asset",
      minzoom: VILLAGES_FROM,
      filter: among("kind", codesOf(input, "assets", "asset", "kind", ["village"])),
      layout: { "text-field": ["coalesce", ["get", "name"], ""], "text-font": FONT, "text-size": 12 },
      paint: { "text-color": COLOURS.township, "text-halo-color": COLOURS.halo, "text-halo-width": 1.4 },
    },
  ];
}

/** Borders below the district: development zones, townships, subdistricts, communities, and villages by name. */
export const areas: LayerDefinition = {
  id: "areas",
  group: "ground",
  title: { zh: "开发区、街道、社区、乡镇", en: "Zones, subdistricts, townships" },
  minZoom: 9,
  maxZoom: 24,
  build(input) {
    if (!input.tilesets.base) return [];
    return [...BORDERS.map((one) => border(input, one)), ...BORDERS.map((one) => name(input, one)), ...villages(input)];
  },
};
