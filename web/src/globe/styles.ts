/** What the features of a tileset are coloured by: a style over the columns of its property table, or the live state. */

import { COLOURS } from "../layers/palette";
import { isAlarm, STATUS_COLOURS, statusName } from "../state/status";
import type { CesiumLibrary, Color, Feature, TilesetStyle } from "./cesium";

export const PAINTS = ["status", "measure"] as const;
export type Paint = (typeof PAINTS)[number];

/** A ramp over one column: colours from a value on. None is red, which is an alarm's. */
export interface Ramp {
  column: string;
  unit: string;
  steps: readonly [number, string][];
}

const HEIGHT: Ramp = {
  column: "height",
  unit: "m",
  steps: [
    [0, "#3b5b8c"],
    [10, "#3f88b5"],
    [20, "#4fb3bf"],
    [40, "#a7d7a0"],
    [60, "#f2e394"],
    [100, "#ffffff"],
  ],
};
const DEPTH: Ramp = {
  column: "depth",
  unit: "m",
  steps: [
    [0, "#f2e394"],
    [0.8, "#a7d7a0"],
    [1.2, "#4fb3bf"],
    [1.6, "#3f88b5"],
    [2.5, "#5b6fd0"],
  ],
};

/** The column that a tileset is coloured by when it is not the live state; null: the tileset has none. */
export function rampOf(tileset: string): Ramp | null {
  if (tileset === "buildings") return HEIGHT;
  return tileset === "pipes" || tileset === "fittings" ? DEPTH : null;
}

/** Whether the rows of a tileset are assets of the city. */
export function isOurs(tileset: string): boolean {
  return tileset === "stations" || rampOf(tileset) !== null;
}

const UNKNOWN = "#64748b";

/** A ramp as conditions of Cesium's style language, highest step first; what has no value is grey. */
export function conditionsOf(ramp: Ramp): [string, string][] {
  const value = `\${${ramp.column}}`;
  const steps = [...ramp.steps].reverse();
  const known = steps.map(([from, colour]): [string, string] => [`${value} >= ${from}`, `color('${colour}')`]);
  return [
    [`${value} === undefined || ${value} === null || isNaN(${value})`, `color('${UNKNOWN}')`],
    ...known,
    ["true", `color('${ramp.steps[0]?.[1] ?? UNKNOWN}')`],
  ];
}

/** Colour of an object without anything to tell: pipes by side, the rest a calm grey-blue. */
export function plainColour(tileset: string, side: unknown): string {
  if (tileset === "pipes") return side === 2 ? COLOURS.return : COLOURS.supply;
  return tileset === "fittings" ? COLOURS.valve : "#8ea6c0";
}

/** Colour of a live status over what the object looks like anyway: only what is out of order stands out. */
export function statusColour(code: number | undefined, plain: string): string {
  if (code === undefined || code <= 1) return plain;
  const name = statusName(code);
  return isAlarm(code) || name === "cutOff" || name === "stale" ? STATUS_COLOURS[name] : plain;
}

/** Where colours come from while features are drawn. */
export interface Look {
  paint: Paint;
  selected: number | null;
  statusOf(assetId: number): number | undefined;
}

export function idOf(feature: Feature): number | null {
  const id = feature.getProperty("asset_id");
  return typeof id === "number" || typeof id === "bigint" ? Number(id) : null;
}

/** A style that reads the look anew for every feature; call `makeStyleDirty` when the look has changed. */
export function styleOf(cesium: CesiumLibrary, tileset: string, look: Look): TilesetStyle {
  const ramp = rampOf(tileset);
  const measured = ramp && new cesium.Cesium3DTileStyle({ color: { conditions: conditionsOf(ramp) } });
  const colours = new Map<string, Color>();
  const named = (text: string, result?: Color): Color => {
    const known = colours.get(text) ?? cesium.Color.fromCssColorString(text);
    colours.set(text, known);
    return cesium.Color.clone(known, result);
  };
  const style = new cesium.Cesium3DTileStyle({ color: { conditions: [["true", "color('white')"]] } });
  style.color = {
    evaluateColor(feature, result) {
      const id = idOf(feature);
      if (id !== null && id === look.selected) return named(COLOURS.selected, result);
      if (look.paint === "measure" && measured) return measured.color.evaluateColor(feature, result);
      const plain = plainColour(tileset, feature.getProperty("side"));
      return named(statusColour(id === null ? undefined : look.statusOf(id), plain), result);
    },
  };
  return style;
}
