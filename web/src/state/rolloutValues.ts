/** Figures of the API as the numbers that tiles carry, so that a past year is drawn and told as the present is. */

import type { Answer, AreaFigures } from "../api/shapes";
import { ENERGIES, TYPES } from "../layers/rolloutThemes";
import type { AreaValues } from "./rolloutMap";

type Known = Readonly<Record<string, number | null>>;

/** Attribute of the tiles: the figure it is, and by how much it is multiplied there. */
const PLAIN: Record<string, readonly [figure: string, times: number]> = {
  stage: ["stage", 1],
  marker: ["marker", 1],
  households: ["household_count", 1],
  target: ["target_household_count", 1],
  finished: ["finished_count", 1],
  permanent: ["permanent_count", 1],
  completion: ["completion_rate", 1000],
  installation: ["installation_rate", 1000],
  rate: ["clean_heating_rate", 1000],
  target_rate: ["target_rate", 1000],
  devices: ["device_count", 1],
  tickets: ["ticket_count", 1],
  tickets_before: ["ticket_last_season_count", 1],
  open_tickets: ["open_ticket_count", 1],
  handling: ["mean_handling_hours", 1],
  satisfaction: ["satisfaction", 100],
  supplier_satisfaction: ["supplier_satisfaction", 100],
  answers: ["answer_count", 1],
};
const TYPE_FIGURES = TYPES.map(({ name }) => `${name}_count`);
const ENERGY_FIGURES = ENERGIES.map(({ name }) => `clean_${name}_m2`);
const CLEAN = "clean_area_m2";

/** What is asked for of a past year. */
export const ASKED_FIGURES = [
  ...Object.values(PLAIN).map(([name]) => name),
  ...TYPE_FIGURES,
  ...ENERGY_FIGURES,
  CLEAN,
].join();

/** The code of the largest of some figures; null when none is above 0. */
function largest(figures: Known, names: readonly string[]): number | null {
  const values = names.map((name) => figures[name] ?? 0);
  const most = Math.max(...values);
  return most > 0 ? values.indexOf(most) + 1 : null;
}

/** What is known of one area, by attribute. */
export function attributesOf(figures: Known): Map<string, number> {
  const found = new Map<string, number>();
  const put = (attribute: string, value: number | null | undefined) => {
    if (value !== null && value !== undefined) found.set(attribute, Math.round(value));
  };
  for (const [attribute, [name, times]] of Object.entries(PLAIN)) {
    const value = figures[name];
    put(attribute, value === null || value === undefined ? null : value * times);
  }
  put("type", largest(figures, TYPE_FIGURES));
  put("energy", largest(figures, ENERGY_FIGURES));
  const clean = figures[CLEAN] ?? 0;
  for (const { name } of ENERGIES) {
    const part = figures[`clean_${name}_m2`];
    if (clean > 0 && part !== null && part !== undefined) put(`${name}_share`, (1000 * part) / clean);
  }
  return found;
}

/** The same of many areas, attribute by attribute. */
export function valuesOf(items: AreaFigures["items"]): AreaValues {
  const values: Record<string, Map<number, number>> = {};
  for (const { area_id, figures } of items) {
    for (const [attribute, value] of attributesOf(figures)) {
      values[attribute] ??= new Map();
      values[attribute].set(area_id, value);
    }
  }
  return values;
}

type LiveItem = Answer<"/rollout/live", "get">["items"][number];

/** Live attribute: the live figure it is, and by how much it is multiplied. */
const LIVE: Record<string, readonly [figure: keyof LiveItem, times: number]> = {
  use: ["season_use_rate", 1000],
  use_now: ["use_rate", 1000],
  warmth: ["mean_room_temperature_in_use_degc", 10],
  room: ["mean_room_temperature_degc", 10],
  warm_enough: ["room_temperature_guarantee_rate", 1000],
};

/** What devices and rooms of areas tell now. */
export function liveValues(items: readonly LiveItem[]): AreaValues {
  const values: Record<string, Map<number, number>> = {};
  for (const item of items) {
    for (const [attribute, [figure, times]] of Object.entries(LIVE)) {
      const value = item[figure];
      if (typeof value !== "number") continue;
      values[attribute] ??= new Map();
      values[attribute].set(item.area_id, Math.round(value * times));
    }
  }
  return values;
}

/** Two answers about different areas as one; the newer one holds where both tell of an area. */
export function merged(older: AreaValues, newer: AreaValues): AreaValues {
  const names = new Set([...Object.keys(older), ...Object.keys(newer)]);
  return Object.fromEntries(
    [...names].map((name) => [name, new Map([...(older[name] ?? []), ...(newer[name] ?? [])])]),
  );
}
