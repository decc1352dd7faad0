/** What somebody supposes of valves and sources: it changes answers and nothing else. */

import { readIds, toggledId, writeIds } from "./ids";
import { statesAsOf } from "./past";
import type { View } from "./view";
import { hasSandbox, type Work } from "./work";

export type ValvePosition = "open" | "closed";

export interface Sandbox {
  valves: ReadonlyMap<number, ValvePosition>;
  /** Whether a source runs. */
  sources: ReadonlyMap<number, boolean>;
  /** Valves that cannot be operated. */
  stuck: readonly number[];
}

export const NO_SANDBOX: Sandbox = { valves: new Map(), sources: new Map(), stuck: [] };

type Patch = { valves: string | null; sources: string | null; stuck: string | null };

function readPairs<T>(text: string | undefined, values: Readonly<Record<string, T>>): Map<number, T> {
  const pairs = (text ?? "").split(",").flatMap((pair): [number, T][] => {
    const [id, name] = pair.split(":");
    const [number] = readIds(id);
    return number === undefined || name === undefined || !Object.hasOwn(values, name)
      ? []
      : [[number, values[name] as T]];
  });
  return new Map(pairs);
}

/** The sandbox of an address: `valves=12:closed,15:open`, `sources=3:off`, `stuck=7`. */
export function readSandbox(work: Work): Sandbox {
  return {
    valves: readPairs<ValvePosition>(work.valves, { open: "open", closed: "closed" }),
    sources: readPairs(work.sources, { on: true, off: false }),
    stuck: readIds(work.stuck),
  };
}

export function writeSandbox({ valves, sources, stuck }: Sandbox): Patch {
  const pairs = (map: ReadonlyMap<number, string>) => [...map].map(([id, name]) => `${id}:${name}`).join(",") || null;
  const running = new Map([...sources].map(([id, runs]) => [id, runs ? "on" : "off"]));
  return { valves: pairs(valves), sources: pairs(running), stuck: writeIds(stuck) };
}

/** The sandbox of the open panel; an empty one where answers tell what is. */
export function sandboxOf(view: View): Sandbox {
  return hasSandbox(view.panel) ? readSandbox(view.work) : NO_SANDBOX;
}

/** The sandbox of the open panel, and the time whose states count, as a text; it changes whenever answers do. */
export function sandboxKey(view: View): string {
  const { valves, sources, stuck } = writeSandbox(sandboxOf(view));
  const time = statesAsOf(view);
  return [valves, sources, stuck, ...(time === null ? [] : [time])].join("|");
}

export function supposes({ valves, sources, stuck }: Sandbox): boolean {
  return valves.size + sources.size + stuck.length > 0;
}

/** How many things are supposed. */
export function countOf({ valves, sources, stuck }: Sandbox): number {
  return valves.size + sources.size + stuck.length;
}

/** A valve supposed open or closed; null: as it is. */
export function withValve(sandbox: Sandbox, id: number, position: ValvePosition | null): Sandbox {
  return { ...sandbox, valves: changed(sandbox.valves, id, position) };
}

export function withSource(sandbox: Sandbox, id: number, runs: boolean | null): Sandbox {
  return { ...sandbox, sources: changed(sandbox.sources, id, runs) };
}

export function withStuck(sandbox: Sandbox, id: number): Sandbox {
  return { ...sandbox, stuck: toggledId(sandbox.stuck, id) };
}

function changed<T>(map: ReadonlyMap<number, T>, id: number, value: T | null): ReadonlyMap<number, T> {
  const next = new Map(map);
  if (value === null) next.delete(id);
  else next.set(id, value);
  return next;
}

/** What `POST /trace` takes. */
export function bodyOf({ valves, sources, stuck }: Sandbox): {
  valves?: Record<string, ValvePosition>;
  sources?: Record<string, boolean>;
  stuck?: number[];
} {
  return {
    ...(valves.size === 0 ? {} : { valves: Object.fromEntries(valves) }),
    ...(sources.size === 0 ? {} : { sources: Object.fromEntries(sources) }),
    ...(stuck.length === 0 ? {} : { stuck: [...stuck] }),
  };
}
