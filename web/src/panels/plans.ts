/** A plan as the map draws it: whom it cuts off, alone and with the plans that it meets in time; pure. */

import type { Plan, PlanArea, PlanConflict } from "../api/planner";
import { COLOURS } from "../layers/palette";
import { VALVE_COLOURS } from "../map/valvePictures";
import { type MarkFeature, type MarkStyle, type Marks, markedAll, markedPoint } from "../state/marks";
import { DRAINED } from "./isolation";

/** Buildings by whose plan takes their heat; none is red, which is an alarm's. */
export const PLAN_COLOURS = {
  plan: COLOURS.lost,
  other: "#2dd4bf",
  both: "#f8fafc",
  only_together: "#a3e635",
};
export type AreaSet = keyof typeof PLAN_COLOURS;
export const AREA_SETS = Object.keys(PLAN_COLOURS) as AreaSet[];
const OTHER_WORK = "#5eead4";

function styleOf(set: unknown): MarkStyle {
  if (set === "work") return { colour: DRAINED, width: 6, radius: 7 };
  if (set === "other_work") return { colour: OTHER_WORK, width: 5, radius: 6 };
  return {
    colour: PLAN_COLOURS[set as AreaSet] ?? COLOURS.lost,
    width: 1.5,
    fill: set === "only_together" ? 0.75 : 0.5,
  };
}

/** Valves of a plan with their place in the order; those of a plan that it meets without. */
function valveMarks(plan: Plan, numbered: boolean): MarkFeature[] {
  return plan.valves.flatMap(({ asset_id, position, action, order }) => {
    const sign = action === "close" ? "valve-close" : "valve-open";
    const label = numbered ? { label: String(order) } : {};
    return markedPoint(position, { colour: VALVE_COLOURS[sign], sign, asset_id, kind: "valve", ...label });
  });
}

/** How many buildings stand in each set of an area. */
export function areaCounts(area: PlanArea | null): Record<AreaSet, number> {
  const sets = (area?.features ?? []).map((feature) => (feature as unknown as GeoJSON.Feature).properties?.set);
  const count = (name: AreaSet) => sets.filter((set) => set === name).length;
  return { plan: count("plan"), other: count("other"), both: count("both"), only_together: count("only_together") };
}

/** The plan in full, the others that it meets in time beside it. */
export function planMarks(
  plan: Plan,
  area: PlanArea | null,
  met: readonly Plan[],
  names: Readonly<Record<AreaSet | "close" | "open", string>>,
): Marks {
  const counts = areaCounts(area);
  const valves = [...met.flatMap((other) => valveMarks(other, false)), ...valveMarks(plan, true)];
  const signs = new Set(valves.map(({ properties }) => properties.sign));
  const legend = [
    ...AREA_SETS.filter((set) => counts[set] > 0).map((set) => ({ colour: PLAN_COLOURS[set], label: names[set] })),
    ...(["close", "open"] as const).flatMap((action) => {
      const sign = `valve-${action}` as const;
      return signs.has(sign) ? [{ colour: VALVE_COLOURS[sign], sign, label: names[action] }] : [];
    }),
  ];
  const buildings = markedAll(area, ({ properties }) => styleOf(properties?.set));
  return { features: [...buildings, ...valves], ids: [], legend, dims: true };
}

/** The conflict that takes heat from most users; null without any. */
export function worstConflict(conflicts: readonly PlanConflict[]): PlanConflict | null {
  return conflicts.reduce<PlanConflict | null>(
    (worst, one) => (worst === null || one.joint.heat_user_count > worst.joint.heat_user_count ? one : worst),
    null,
  );
}
