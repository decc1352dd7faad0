/** Valves that do not stand as they normally do, as the map draws them: at every zoom, named from near; pure. */

import type { OffNormalValve } from "../api/planner";
import { VALVE_COLOURS } from "../map/valvePictures";
import { type MarkFeature, type MarkLegend, markedPoint, type ValveSign } from "../state/marks";

/** So many are drawn; the list holds all of them. */
export const MOST_DRAWN = 500;

function signOf({ state }: OffNormalValve): ValveSign {
  return state === "closed" ? "valve-off-closed" : "valve-off-open";
}

/** Signs of valves off normal, but not of those that an answer shows in a role of its own. */
export function offNormalMarks(items: readonly OffNormalValve[], shown: ReadonlySet<number>): MarkFeature[] {
  return items.flatMap((valve) => {
    if (shown.has(valve.asset_id)) return [];
    const { asset_id, position, name, code } = valve;
    const sign = signOf(valve);
    const colour = VALVE_COLOURS[sign];
    return markedPoint(position, { colour, sign, asset_id, kind: "valve", label: code || name, near: true });
  });
}

export function offNormalLegend(
  items: readonly OffNormalValve[],
  names: Readonly<Record<"closed" | "opened", string>>,
): MarkLegend[] {
  const signs = new Set(items.map(signOf));
  const entry = (sign: ValveSign, label: string) =>
    signs.has(sign) ? [{ colour: VALVE_COLOURS[sign], sign, label }] : [];
  return [...entry("valve-off-closed", names.closed), ...entry("valve-off-open", names.opened)];
}
