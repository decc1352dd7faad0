import type { ExpressionSpecification, FilterSpecification, LayerSpecification } from "maplibre-gl";
import { STATUS } from "../state/status";
import { codeOf, FONT, type LayerDefinition, type LayerInput } from "./definition";
import { COLOURS, OTHER_COLOUR, STATUS_CODE, STATUS_COLOUR } from "./palette";
import { type AreaKind, drawnKinds, LIVE_ATTRIBUTES, MARKERS, type Paint, paintOf, TYPES } from "./rolloutThemes";

export const ROLLOUT = "rollout";
export const AREA = "area";
export const AREA_NAME = "area_name";
/** Layers that answer a hover or a click, finest first. */
export const ROLLOUT_AREA_LAYERS = ["village-point", "village", "township", "district"].map(
  (kind) => `rollout-areas-${kind}`,
);
/** Single devices come with the tiles that hold them. */
export const ROLLOUT_DEVICES = "rollout-areas-device";
export const DEVICES_FROM_ZOOM = 15;
const UNKNOWN = -1;
const VILLAGE_NAMES_FROM = 12;

/** A number of an area, -1 where there is none: of the tiles, of a past year, or live. */
export function attributeOf(input: LayerInput, attribute: string): ExpressionSpecification {
  const { live, values } = input.rolloutMap;
  const past = input.rolloutChoice.year !== null;
  const arrived = input.rolloutMap.year === input.rolloutChoice.year;
  if (LIVE_ATTRIBUTES.includes(attribute)) return byId(past ? undefined : live[attribute]);
  if (past) return byId(arrived ? values[attribute] : undefined);
  return ["coalesce", ["get", attribute], UNKNOWN] as unknown as ExpressionSpecification;
}

function byId(known: ReadonlyMap<number, number> | undefined): ExpressionSpecification {
  if (known === undefined || known.size === 0) return ["+", UNKNOWN, 0] as ExpressionSpecification;
  return ["match", ["id"], ...[...known].flat(), UNKNOWN] as unknown as ExpressionSpecification;
}

/** The number that decides the colour: a value, or so many a thousand of another. */
function decided(input: LayerInput, paint: Paint): ExpressionSpecification {
  const value = attributeOf(input, paint.attribute);
  if (paint.by === "choice" || paint.per === undefined) return value;
  const whole = attributeOf(input, paint.per);
  const known = ["all", [">=", value, 0], [">", whole, 0]];
  return ["case", known, ["/", ["*", value, paint.times ?? 1], whole], UNKNOWN] as unknown as ExpressionSpecification;
}

export function areaColour(input: LayerInput): ExpressionSpecification {
  const paint = paintOf(input.rolloutChoice.theme, input.rolloutChoice.energy);
  const value = decided(input, paint);
  if (paint.by === "choice") {
    const pairs = paint.choices.flatMap(({ code, colour }) => [code, colour]);
    return ["match", value, ...pairs, OTHER_COLOUR] as unknown as ExpressionSpecification;
  }
  const stops = paint.ramp.flat();
  return [
    "case",
    ["<", value, 0],
    OTHER_COLOUR,
    ["interpolate", ["linear"], value, ...stops],
  ] as unknown as ExpressionSpecification;
}

/** Areas of a kind that the filters leave. */
function wanted(input: LayerInput, layer: string, kind: AreaKind, more: unknown[] = []): FilterSpecification {
  const { district, stage } = input.rolloutChoice;
  return [
    "all",
    ["==", ["get", "kind"], codeOf(input, ROLLOUT, layer, "kind", kind)],
    ...(district === null ? [] : [["==", ["coalesce", ["get", "district_id"], UNKNOWN], district]]),
    ...(stage === null ? [] : [["==", attributeOf(input, "stage"), stage]]),
    ...more,
  ] as unknown as FilterSpecification;
}

function fills(input: LayerInput): LayerSpecification[] {
  const { theme, tier } = input.rolloutChoice;
  const colour = areaColour(input);
  return drawnKinds(theme, tier).flatMap(({ kind, from, to }): LayerSpecification[] => {
    const zooms = { minzoom: from, maxzoom: to };
    const of = { source: ROLLOUT, "source-layer": AREA, ...zooms, filter: wanted(input, AREA, kind) } as const;
    const fill: LayerSpecification = {
      id: `rollout-areas-${kind}`,
      type: "fill",
      ...of,
      paint: { "fill-color": colour, "fill-opacity": ["interpolate", ["linear"], ["zoom"], 11, 0.55, 15, 0.28] },
    };
    const pattern: LayerSpecification = {
      id: `rollout-areas-${kind}-pattern`,
      type: "fill",
      ...of,
      paint: { "fill-pattern": patternOf(input), "fill-opacity": 0.5 },
    };
    const edge: LayerSpecification = {
      id: `rollout-areas-${kind}-edge`,
      type: "line",
      ...of,
      paint: {
        "line-color": COLOURS.text,
        "line-width": kind === "village" ? 0.6 : 1,
        "line-opacity": 0.6,
        // an outline that is drawn round households is nobody's border
        ...(kind === "village" ? { "line-dasharray": [3, 2] } : {}),
      },
    };
    return [fill, ...(theme === "type" ? [pattern] : []), edge, ...(kind === "village" ? points(input, zooms) : [])];
  });
}

/** Villages without an outline stand as points. */
function points(input: LayerInput, zooms: { minzoom: number; maxzoom: number }): LayerSpecification[] {
  const none = ["==", ["get", "outline"], codeOf(input, ROLLOUT, AREA_NAME, "outline", "none")];
  return [
    {
      id: "rollout-areas-village-point",
      type: "circle",
      source: ROLLOUT,
      "source-layer": AREA_NAME,
      ...zooms,
      filter: wanted(input, AREA_NAME, "village", [none]),
      paint: {
        "circle-color": areaColour(input),
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 10, 3, 15, 8],
        "circle-stroke-color": COLOURS.halo,
        "circle-stroke-width": 1,
      },
    },
  ];
}

/** Hatching by retrofit type, so that it is read without colours too. */
function patternOf(input: LayerInput): ExpressionSpecification {
  const pairs = TYPES.flatMap(({ code, name }) => [code, `rollout-${name}`]);
  return ["match", attributeOf(input, "type"), ...pairs, "rollout-none"] as unknown as ExpressionSpecification;
}

/** Borders of the levels above what is coloured, and the area whose card is open. */
function borders(input: LayerInput): LayerSpecification[] {
  const line = (id: string, kind: AreaKind, colour: string, width: number, dashes?: number[]): LayerSpecification => ({
    id: `rollout-areas-border-${id}`,
    type: "line",
    source: ROLLOUT,
    "source-layer": AREA,
    filter: ["==", ["get", "kind"], codeOf(input, ROLLOUT, AREA, "kind", kind)],
    paint: { "line-color": colour, "line-width": width, ...(dashes ? { "line-dasharray": dashes } : {}) },
  });
  return [
    line("township", "township", COLOURS.township, 0.9, [4, 2]),
    line("zone", "zone", COLOURS.zone, 1.5, [6, 2]),
    line("district", "district", COLOURS.text, 2),
    {
      id: "rollout-areas-chosen",
      type: "line",
      source: ROLLOUT,
      "source-layer": AREA,
      filter: ["==", ["id"], input.rolloutChoice.place ?? UNKNOWN],
      paint: { "line-color": COLOURS.selected, "line-width": 4 },
    },
  ];
}

/** Below a name: the sign of a choice or the number of a ramp, and how warm the rooms are where that is known. */
function labelText(input: LayerInput, valued: boolean): ExpressionSpecification {
  const { theme, energy } = input.rolloutChoice;
  const paint = paintOf(theme, energy);
  const parts: unknown[] = [["coalesce", ["get", "name"], ""]];
  if (valued) parts.push(["case", ["<", decided(input, paint), 0], "", ["concat", "\n", shown(input, paint)]]);
  const warmth = attributeOf(input, "room");
  parts.push(["case", ["<", warmth, 0], "", ["concat", "\n", ["number-format", ["/", warmth, 10], ONE_DIGIT], " °C"]]);
  return ["concat", ...parts] as unknown as ExpressionSpecification;
}
const ONE_DIGIT = { "min-fraction-digits": 1, "max-fraction-digits": 1 };

function shown(input: LayerInput, paint: Paint): unknown {
  const value = decided(input, paint);
  if (paint.by === "choice") {
    return ["match", value, ...paint.choices.flatMap(({ code, sign }) => [code, sign[input.lang]]), ""];
  }
  if (paint.unit === "permille") return ["concat", ["number-format", ["/", value, 10], ONE_DIGIT], " %"];
  if (paint.unit === "score") return ["number-format", ["/", value, 100], ONE_DIGIT];
  return ["number-format", value, { "max-fraction-digits": 0 }];
}

function names(input: LayerInput): LayerSpecification[] {
  const { theme, tier } = input.rolloutChoice;
  const valued = drawnKinds(theme, tier);
  const label = (kind: AreaKind, from: number, to: number, size: number, isValued: boolean): LayerSpecification => ({
    id: `rollout-areas-name-${kind}${isValued ? "" : "-only"}`,
    type: "symbol",
    source: ROLLOUT,
    "source-layer": AREA_NAME,
    minzoom: kind === "village" ? Math.max(from, VILLAGE_NAMES_FROM) : from,
    maxzoom: to,
    filter: isValued
      ? wanted(input, AREA_NAME, kind)
      : ["==", ["get", "kind"], codeOf(input, ROLLOUT, AREA_NAME, "kind", kind)],
    layout: {
      "text-field": labelText(input, isValued),
      "text-font": FONT,
      "text-size": size,
      "text-max-width": 9,
      "symbol-sort-key": kind === "district" ? 0 : 1,
    },
    paint: { "text-color": COLOURS.text, "text-halo-color": COLOURS.halo, "text-halo-width": 1.8 },
  });
  const sizes: Record<AreaKind, number> = { district: 14, zone: 13, township: 12, village: 12 };
  const coloured = valued.map(({ kind, from, to }) => label(kind, from, to, sizes[kind], true));
  // the level above what is coloured has its names, and the warmth of its rooms
  const above = valued.flatMap(({ kind, from, to }) =>
    kind === "village"
      ? [label("township", from, to, 13, false)]
      : kind === "township"
        ? [label("district", from, to, 15, false)]
        : [],
  );
  return [...coloured, ...above];
}

/** The three kinds of finished and unfinished places, by shape and colour. */
function markers(input: LayerInput): LayerSpecification[] {
  const { theme, tier } = input.rolloutChoice;
  if (theme !== "marker") return [];
  const pairs = MARKERS.flatMap(({ code }) => [code, `rollout-marker-${code}`]);
  return drawnKinds(theme, tier).map(({ kind, from, to }) => ({
    id: `rollout-areas-marker-${kind}`,
    type: "symbol",
    source: ROLLOUT,
    "source-layer": AREA_NAME,
    minzoom: from,
    maxzoom: to,
    filter: wanted(input, AREA_NAME, kind, [[">", attributeOf(input, "marker"), 0]]),
    layout: {
      "icon-image": ["match", attributeOf(input, "marker"), ...pairs, ""] as never,
      "icon-size": ["interpolate", ["linear"], ["zoom"], 8, 0.45, 14, 0.9],
      "icon-allow-overlap": true,
      "icon-offset": [0, -30],
    },
  }));
}

/** Single devices: filled while they run, hollow while they are off; the colour is that of their state. */
function devices(input: LayerInput): LayerSpecification[] {
  if (!input.tilesets.assets) return [];
  const off = ["in", STATUS_CODE, ["literal", [STATUS.noData, STATUS.off]]];
  return [
    {
      id: ROLLOUT_DEVICES,
      type: "circle",
      source: "assets",
      "source-layer": "asset",
      minzoom: DEVICES_FROM_ZOOM,
      filter: ["==", ["get", "kind"], codeOf(input, "assets", "asset", "kind", "heating_device")],
      paint: {
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 15, 4, 18, 9],
        "circle-color": STATUS_COLOUR,
        "circle-opacity": ["case", off, 0.1, 0.95] as never,
        "circle-stroke-color": STATUS_COLOUR,
        "circle-stroke-width": 2,
      },
    },
  ];
}

/** Areas of the rollout, coloured by the chosen theme; which areas, the zoom decides. */
export const rolloutAreas: LayerDefinition = {
  id: "rollout-areas",
  group: "rollout",
  title: { zh: "清洁取暖专题（区县、乡镇、村屯）", en: "Rollout by district, township, village" },
  minZoom: 0,
  maxZoom: 24,
  build: (input) =>
    input.tilesets[ROLLOUT]
      ? [...fills(input), ...borders(input), ...devices(input), ...names(input), ...markers(input)]
      : [],
};
