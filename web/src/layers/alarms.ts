import type { FilterSpecification, LayerSpecification } from "maplibre-gl";
import type { Alarm } from "../api/shapes";
import { among, codesOf, FONT, type LayerDefinition, type LayerInput } from "./definition";
import { MAIN_SIGNS } from "./mains";
import { COLOURS, IN_ALARM, STATUS_COLOUR } from "./palette";

/** The most urgent active alarm of each asset that has a position: lowest level, then newest. */
export function worstByAsset(alarms: readonly Alarm[]): Alarm[] {
  const worst = new Map<number, Alarm>();
  for (const alarm of alarms) {
    if (!alarm.active || alarm.position === null) continue;
    const other = worst.get(alarm.asset_id);
    if (other === undefined || moreUrgent(alarm, other)) worst.set(alarm.asset_id, alarm);
  }
  return [...worst.values()];
}

export function moreUrgent(a: Alarm, b: Alarm): boolean {
  return a.level !== b.level ? a.level < b.level : Date.parse(a.raised_at) > Date.parse(b.raised_at);
}

export function alarmFeatures(alarms: readonly Alarm[], lang: "zh" | "en"): GeoJSON.FeatureCollection {
  const features = worstByAsset(alarms).map((alarm): GeoJSON.Feature => {
    const rule = lang === "zh" ? alarm.rule_name_zh : alarm.rule_name_en;
    return {
      type: "Feature",
      id: alarm.asset_id,
      geometry: { type: "Point", coordinates: [...(alarm.position ?? [])] },
      properties: { asset_id: alarm.asset_id, level: alarm.level, text: rule },
    };
  });
  return { type: "FeatureCollection", features };
}

/** Kinds that glow by a layer of their own. */
const GLOWING = ["substation", ...MAIN_SIGNS.map(({ kind }) => kind)];

/** Whatever else is in alarm has a ring of its colour round its sign: plants, branches, boiler houses, devices, rooms. */
function ring(input: LayerInput): LayerSpecification[] {
  if (!input.tilesets.assets) return [];
  const others = ["!", among("kind", codesOf(input, "assets", "asset", "kind", GLOWING))] as FilterSpecification;
  const paint = {
    "circle-radius": ["interpolate", ["linear"], ["zoom"], 11, 11, 17, 20],
    "circle-color": STATUS_COLOUR,
    "circle-opacity": ["case", IN_ALARM, 0.2, 0],
    "circle-stroke-color": STATUS_COLOUR,
    "circle-stroke-width": 3,
    "circle-stroke-opacity": ["case", IN_ALARM, 0.95, 0],
  };
  const drawn = { id: "alarms-ring", type: "circle", source: "assets", "source-layer": "asset", filter: others, paint };
  return [drawn as LayerSpecification];
}

/** A diamond with the level's digit and the rule in words: an alarm is told by shape and text, not by colour alone. */
export const alarms: LayerDefinition = {
  id: "alarms",
  group: "heat",
  title: { zh: "报警", en: "Alarms" },
  minZoom: 0,
  maxZoom: 24,
  build: (input) => [
    ...ring(input),
    {
      id: "alarms-sign",
      type: "symbol",
      source: "alarms",
      layout: {
        "icon-image": ["concat", "alarm-", ["to-string", ["get", "level"]]],
        "icon-allow-overlap": true,
        "icon-offset": [0, -22],
        "symbol-sort-key": ["get", "level"],
        "text-field": ["step", ["zoom"], "", 12.5, ["get", "text"]],
        "text-font": FONT,
        "text-size": 12,
        "text-anchor": "bottom",
        "text-offset": [0, -2.7],
        "text-optional": true,
      },
      paint: { "text-color": "#ffe4e1", "text-halo-color": COLOURS.halo, "text-halo-width": 1.8 },
    },
  ],
};
