/** Causes of alarms as the map draws them and as a list words them; pure. */

import type { components } from "../api/types.gen";
import { COLOURS } from "../layers/palette";
import { type MarkLegend, type Marks, markedPoint } from "../state/marks";

export type Causes = components["schemas"]["CausesAnswer"];
export type Cause = components["schemas"]["CauseModel"];

/** The place, the stations it explains, those that are silent, alarms of their own. None is red, which is an alarm's. */
export const CAUSE_COLOURS = {
  place: COLOURS.lost,
  explained: COLOURS.degraded,
  silent: COLOURS.return,
  stray: "#94a3b8",
};

/** Below it a cause is a guess. */
const SURE = 0.8;

export type Sureness = "sure" | "likely" | "unsure";

/** How sure a cause is; never sure before the footprints of the solved network are prepared. */
export function sureness(confidence: number, prepared = true): Sureness {
  if (confidence >= SURE && prepared) return "sure";
  return confidence >= 0.5 ? "likely" : "unsure";
}

/** The cause that is looked at: the one that the address names, else the first. */
export function chosenCause(causes: readonly Cause[], text: string | undefined): number {
  const wanted = Number(text ?? "0");
  return Number.isInteger(wanted) && wanted >= 0 && wanted < causes.length ? wanted : 0;
}

/** Sources, substations and pumps that may be it: what of a group is no pipe of its segments. */
export function devicesOf(cause: Cause): number[] {
  return cause.segment_ids.length > 0 ? [] : [...cause.asset_ids];
}

/** What a question asks: alarms that were picked, or those that are open now. */
export function questionOf(alarmed: readonly number[], silent: readonly number[]): object | null {
  if (alarmed.length === 0) return null;
  return silent.length === 0 ? { alarmed } : { alarmed, silent };
}

/** The chosen cause in full, the places of the others as numbers. */
export function causeMarks(
  { causes, stray }: Pick<Causes, "causes" | "stray">,
  chosen: number,
  label: (name: keyof typeof CAUSE_COLOURS) => string,
): Marks | null {
  const cause = causes[chosen];
  if (cause === undefined && stray.length === 0) return null;
  const groups = [
    { name: "stray" as const, ids: stray, of: "assets" as const },
    { name: "explained" as const, ids: cause?.explained ?? [], of: "assets" as const },
    { name: "silent" as const, ids: cause?.silent_below ?? [], of: "assets" as const },
    { name: "place" as const, ids: cause?.segment_ids ?? [], of: "segments" as const },
    { name: "place" as const, ids: cause === undefined ? [] : devicesOf(cause), of: "assets" as const },
  ].filter(({ ids }) => ids.length > 0);
  const names = [...new Set(groups.map(({ name }) => name))].reverse();
  const legend: MarkLegend[] = names.map((name) => ({ colour: CAUSE_COLOURS[name], label: label(name) }));
  return {
    features: causes.flatMap(({ position }, i) =>
      markedPoint(position, {
        colour: CAUSE_COLOURS.place,
        label: String(i + 1),
        radius: i === chosen ? 9 : 6,
        opacity: i === chosen ? 1 : 0.6,
      }),
    ),
    ids: groups.map(({ name, ids, of }) => ({ colour: CAUSE_COLOURS[name], ids, of })),
    legend,
    dims: true,
  };
}
