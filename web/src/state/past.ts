/** The past that a page looks at: states of valves and sources of a time; nothing is written meanwhile. */

import type { ValveHistory, ValveState } from "../api/planner";
import type { View } from "./view";
import { hasSandbox } from "./work";

/** The time (ISO 8601) whose valve and source states answers count with; null: the present ones. */
export function statesAsOf({ panel, work, at }: View): string | null {
  return (hasSandbox(panel) ? work.states_as_of : undefined) ?? at;
}

export function showsPast(view: View): boolean {
  return statesAsOf(view) !== null;
}

/** How long the repair takes, as the planner tells; null: the limit of the fault's band. */
export function repairHours({ panel, work }: View): number | null {
  return panel !== "trace" || work.repair_h === undefined ? null : Number(work.repair_h);
}

/** Circumstances of an answer beside the sandbox, as the server takes them. */
export function circumstancesOf(view: View): { as_of?: string } {
  const time = statesAsOf(view);
  return time === null ? {} : { as_of: time };
}

/** The circumstances of an impact: also how long the repair takes. */
export function impactCircumstancesOf(view: View): { as_of?: string; repair_h?: number } {
  const hours = repairHours(view);
  return { ...circumstancesOf(view), ...(hours === null ? {} : { repair_h: hours }) };
}

/** How a valve stood at a time, by its records, the last first; before the first of them it stood as it normally does. */
export function valveStateAt(
  { state, normal_state, items }: Pick<ValveHistory, "state" | "normal_state" | "items">,
  time: string | null,
): ValveState {
  if (time === null) return state;
  const last = items.find(({ changed_at }) => Date.parse(changed_at) <= Date.parse(time));
  return last?.state ?? normal_state ?? state;
}
