import type { ExpressionSpecification, LayerSpecification } from "maplibre-gl";
import { among, codesOf, FONT, type LayerDefinition, type LayerInput } from "./definition";
import type { LayerId } from "./ids";
import { AREA_COLOURS, COLOURS } from "./palette";

/** One colour an object, the same at every zoom: its id decides. */
function colourOf(id: ExpressionSpecification): ExpressionSpecification {
  const pairs = AREA_COLOURS.flatMap((colour, i) => [i, colour]);
  return ["match", ["%", id, AREA_COLOURS.length], ...pairs, COLOURS.border] as unknown as ExpressionSpecification;
}

const BY_OBJECT = colourOf(["coalesce", ["get", "of_id"], ["id"], 0]);
const BY_ITSELF = colourOf(["coalesce", ["id"], 0]);
const CITY_EXTENT = "coverage-city";

interface Wanted {
  id: LayerId;
  ofKind: string;
  title: { zh: string; en: string };
  minZoom: number;
  /** Zoom from which areas have their names. */
  named: number;
  /** A licence is a promise, not a supply: drawn as dashes without a ground. */
  dashed?: boolean;
}

function shapes(input: LayerInput, { id, ofKind, dashed }: Wanted): LayerSpecification[] {
  const filter = among("of_kind", codesOf(input, "coverage", "coverage", "of_kind", [ofKind]));
  const from = { source: "coverage", "source-layer": "coverage", filter } as const;
  const line: LayerSpecification = {
    id: `${id}-edge`,
    type: "line",
    ...from,
    paint: {
      "line-color": BY_OBJECT,
      "line-width": dashed ? 1.6 : 1.2,
      "line-opacity": 0.9,
      ...(dashed ? { "line-dasharray": [5, 3] } : {}),
    },
  };
  const fill: LayerSpecification = {
    id: `${id}-fill`,
    type: "fill",
    ...from,
    paint: { "fill-color": BY_OBJECT, "fill-opacity": dashed ? 0.06 : 0.22 },
  };
  return [fill, line];
}

function names(input: LayerInput, { id, ofKind, named }: Wanted): LayerSpecification {
  return {
    id: `${id}-name`,
    type: "symbol",
    source: "coverage",
    "source-layer": "coverage_name",
    minzoom: named,
    filter: [
      "all",
      ["has", "name"],
      among("of_kind", codesOf(input, "coverage", "coverage", "of_kind", [ofKind])) as never,
    ],
    layout: { "text-field": ["get", "name"], "text-font": FONT, "text-size": 12, "text-max-width": 9 },
    paint: { "text-color": COLOURS.text, "text-halo-color": COLOURS.halo, "text-halo-width": 1.6 },
  };
}

function coverage(wanted: Wanted, more: (input: LayerInput) => LayerSpecification[] = () => []): LayerDefinition {
  return {
    id: wanted.id,
    group: "coverage",
    title: wanted.title,
    minZoom: wanted.minZoom,
    maxZoom: 24,
    build: (input) => [
      ...more(input),
      ...(input.tilesets.coverage ? [...shapes(input, wanted), names(input, wanted)] : []),
    ],
  };
}

/** The urban extent, drawn with what companies heat. */
function cityExtent(input: LayerInput): LayerSpecification[] {
  if (!input.tilesets.coverage) return [];
  return [
    {
      id: CITY_EXTENT,
      type: "line",
      source: "coverage",
      "source-layer": "coverage",
      filter: among("of_kind", codesOf(input, "coverage", "coverage", "of_kind", ["city"])),
      paint: { "line-color": COLOURS.text, "line-width": 2, "line-dasharray": [2, 2], "line-opacity": 0.7 },
    },
  ];
}

/** The ground of an estate is what it covers, whether or not a delivery says so once more. */
function estateGrounds(input: LayerInput): LayerSpecification[] {
  if (!input.tilesets.base) return [];
  const filter = among("kind", codesOf(input, "base", "area", "kind", ["estate"]));
  const from = { source: "base", "source-layer": "area", minzoom: 13, filter } as const;
  return [
    { id: "estates-fill", type: "fill", ...from, paint: { "fill-color": BY_ITSELF, "fill-opacity": 0.2 } },
    { id: "estates-edge", type: "line", ...from, paint: { "line-color": BY_ITSELF, "line-width": 1 } },
    {
      id: "estates-name",
      type: "symbol",
      ...from,
      "source-layer": "area_name",
      minzoom: 15,
      layout: { "text-field": ["coalesce", ["get", "name"], ""], "text-font": FONT, "text-size": 12 },
      paint: { "text-color": COLOURS.text, "text-halo-color": COLOURS.halo, "text-halo-width": 1.6 },
    },
  ];
}

export const licence = coverage({
  id: "licence",
  ofKind: "licence",
  title: { zh: "企业许可范围", en: "Licensed areas" },
  minZoom: 8,
  named: 11,
  dashed: true,
});
export const companyCoverage = coverage(
  {
    id: "coverage-company",
    ofKind: "company",
    title: { zh: "企业供热范围、城区范围", en: "Companies, urban extent" },
    minZoom: 8,
    named: 11.5,
  },
  cityExtent,
);
export const plantCoverage = coverage({
  id: "coverage-plant",
  ofKind: "plant",
  title: { zh: "电厂供热范围", en: "Power plants" },
  minZoom: 8,
  named: 10,
});
export const boilerHouseCoverage = coverage({
  id: "coverage-boiler-house",
  ofKind: "boiler_house",
  title: { zh: "锅炉房供热范围", en: "Boiler houses" },
  minZoom: 10,
  named: 12,
});
export const substationCoverage = coverage({
  id: "coverage-substation",
  ofKind: "substation",
  title: { zh: "换热站供热范围", en: "Substations" },
  minZoom: 12,
  named: 15,
});
export const estateCoverage = coverage(
  {
    id: "coverage-estate",
    ofKind: "estate",
    title: { zh: "小区范围", en: "Estates" },
    minZoom: 13,
    named: 15,
  },
  estateGrounds,
);
