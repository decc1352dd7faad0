/** An isolation as it is drawn and as it becomes a plan; pure. */

import type { Alternative, Isolation, OffNormalValve, PlanValveBody, ValveToOperate } from "../api/planner";
import { COLOURS } from "../layers/palette";
import { VALVE_COLOURS } from "../map/valvePictures";
import { type MarkFeature, type Marks, markedAll, markedPoint, type ValveSign } from "../state/marks";
import type { Sandbox } from "../state/sandbox";
import { offNormalLegend, offNormalMarks } from "./offNormal";

export const ROLE_SIGNS: Record<ValveToOperate["role"], ValveSign> = {
  close: "valve-close",
  closed_already: "valve-closed",
  cannot_close: "valve-stuck",
};

/** What is shut off and drained. */
export const DRAINED = "#fbbf24";

/** The valves of an isolation, those to close first and in their order. */
export function inOrder(isolation: Isolation): ValveToOperate[] {
  const place = new Map(isolation.order.map((id, i) => [id, i]));
  const rank = (valve: ValveToOperate) => place.get(valve.asset_id) ?? place.size;
  return [...isolation.valves].sort((a, b) => rank(a) - rank(b));
}

/** The number of a valve in the order of operation; null for one that is not operated. */
export function numberOf(isolation: Isolation, id: number): number | null {
  const place = isolation.order.indexOf(id);
  return place < 0 ? null : place + 1;
}

/** What is drawn: lost consumers, the drained part, valves by role with their number, and valves whose opening helps. */
export function isolationMarks(
  isolation: Isolation,
  names: Record<string, string>,
  offNormal: readonly OffNormalValve[] = [],
): Marks {
  const asked = new Set(isolation.asset_ids);
  const answer = markedAll(isolation.geometry, ({ id, properties }) =>
    properties?.set === "valves"
      ? null
      : {
          ...styleOf(properties?.set, asked.has(Number(id))),
          ...(typeof properties?.kind === "string" ? { kind: properties.kind } : {}),
        },
  );
  const valves = valveMarks(isolation);
  const shown = new Set(valves.map(({ properties }) => properties.asset_id ?? 0));
  const others = offNormal.filter(({ asset_id }) => !shown.has(asset_id));
  const astray = { closed: names.off_closed ?? "", opened: names.off_opened ?? "" };
  return {
    features: [...answer, ...offNormalMarks(others, shown), ...valves],
    ids: [],
    legend: [...legendOf(isolation, names), ...offNormalLegend(others, astray)],
    dims: true,
  };
}

function styleOf(set: unknown, asked: boolean): MarkFeature["properties"] {
  if (asked) return { colour: "#ffffff", width: 6, radius: 6 };
  if (set === "lost") return { colour: COLOURS.lost, width: 2.5, radius: 2.5, opacity: 0.8, fill: 0.5 };
  return { colour: DRAINED, width: 5, radius: 3 };
}

function valveMarks(isolation: Isolation): MarkFeature[] {
  const closing = isolation.valves.flatMap((valve) => {
    const number = numberOf(isolation, valve.asset_id);
    return markedPoint(valve.position, {
      colour: VALVE_COLOURS[ROLE_SIGNS[valve.role]],
      sign: ROLE_SIGNS[valve.role],
      asset_id: valve.asset_id,
      kind: "valve",
      ...(number === null ? {} : { label: String(number) }),
    });
  });
  const opening = isolation.alternatives.flatMap(({ valves }, i) =>
    valves.flatMap((valve) =>
      markedPoint(valve.position, {
        colour: VALVE_COLOURS["valve-open"],
        sign: "valve-open",
        asset_id: valve.asset_id,
        kind: "valve",
        label: letterOf(i),
      }),
    ),
  );
  return [...closing, ...opening];
}

/** A, B, C ... of the alternatives. */
export function letterOf(i: number): string {
  return i < 26 ? String.fromCharCode(65 + i) : `A${i - 25}`;
}

function legendOf(isolation: Isolation, names: Record<string, string>): Marks["legend"] {
  const roles = (["close", "closed_already", "cannot_close"] as const).filter((role) =>
    isolation.valves.some((valve) => valve.role === role),
  );
  const named = (name: string) => names[name] ?? name;
  return [
    { colour: DRAINED, label: named("drained") },
    { colour: COLOURS.lost, label: named("lost") },
    ...roles.map((role) => ({
      colour: VALVE_COLOURS[ROLE_SIGNS[role]],
      sign: ROLE_SIGNS[role],
      label: named(role),
    })),
    ...(isolation.alternatives.length === 0
      ? []
      : [{ colour: VALVE_COLOURS["valve-open"], sign: "valve-open" as const, label: named("alternative") }]),
  ];
}

/** Whether the sandbox already supposes every valve of an alternative open. */
export function isSupposed({ valves }: Pick<Alternative, "valves">, sandbox: Sandbox): boolean {
  return valves.length > 0 && valves.every(({ asset_id }) => sandbox.valves.get(asset_id) === "open");
}

export type PlanValve = PlanValveBody & { order: number; label: string };

/**
 * The valves of a plan: those to close in their order, then those that the sandbox supposes open, which give heat back once
 * the place is shut.
 */
export function plannedValves(isolation: Isolation, sandbox: Sandbox): PlanValve[] {
  const byId = new Map(isolation.valves.map((valve) => [valve.asset_id, valve]));
  const closing = isolation.order.map((id) => ({ id, action: "close" as const, valve: byId.get(id) }));
  const opening = [...sandbox.valves]
    .filter(([id, position]) => position === "open" && !isolation.order.includes(id))
    .map(([id]) => ({ id, action: "open" as const, valve: byId.get(id) }));
  return [...closing, ...opening].map(({ id, action, valve }, i) => ({
    asset_id: id,
    action,
    order: i + 1,
    label: valve === undefined ? `#${id}` : `${valve.code} ${valve.name}`,
  }));
}

/** A list of valves with one of them moved up (-1) or down (1), numbered anew. */
export function moved(valves: readonly PlanValve[], index: number, step: -1 | 1): PlanValve[] {
  const next = [...valves];
  const other = index + step;
  const [one, two] = [next[index], next[other]];
  if (one === undefined || two === undefined) return next;
  next[index] = two;
  next[other] = one;
  return next.map((valve, i) => ({ ...valve, order: i + 1 }));
}
