/** Lists inside an answer of `POST /trace`, whatever the question was. */

import type { Finding, Ring } from "../api/planner";
import { COLOURS } from "../layers/palette";
import { type Marks, markedAll } from "../state/marks";

export interface TraceReply {
  network_version: number;
  valve_version: number;
  method?: string;
  methods?: Readonly<Record<string, string>>;
  findings?: readonly Finding[];
  geometry?: GeoJSON.FeatureCollection | null;
  [name: string]: unknown;
}

export interface NamedRing {
  name: string;
  ring: Ring;
}

function isRing(value: unknown): value is Ring {
  return typeof value === "object" && value !== null && "asset_ids" in value && "counts" in value;
}

/** Every list that an answer holds, by the name it has there. */
export function ringsOf(answer: TraceReply): NamedRing[] {
  return Object.entries(answer).flatMap(([name, value]) => (isRing(value) ? [{ name, ring: value }] : []));
}

/** How it was found, in the server's words. */
export function methodsOf(answer: TraceReply): string[] {
  return [...(answer.method === undefined ? [] : [answer.method]), ...Object.values(answer.methods ?? {})];
}

/** Stations stand out among inlets and valves. */
const RADII: Readonly<Record<string, number>> = { plant: 10, boiler_house: 10, substation: 6 };

export const TRACE_COLOURS: readonly string[] = ["#a3e635", "#f0abfc", "#fbbf24", "#f8fafc"];

/** Sets that the features of an answer stand in, in their order. */
function setsOf(answer: TraceReply): string[] {
  const sets = (answer.geometry?.features ?? []).map(({ properties }) => String(properties?.set));
  return [...new Set(sets)];
}

/** An answer as it is drawn: each list in a colour of its own. */
export function marksOf(answer: TraceReply, nameOf: (name: string) => string): Marks {
  const names = setsOf(answer);
  const colourOf = (set: unknown) =>
    TRACE_COLOURS[Math.max(0, names.indexOf(String(set))) % TRACE_COLOURS.length] ?? COLOURS.primary;
  const features = markedAll(answer.geometry, ({ properties }) => ({
    colour: colourOf(properties?.set),
    width: 4,
    radius: RADII[String(properties?.kind)] ?? 3,
    fill: 0.35,
    ...(typeof properties?.kind === "string" ? { kind: properties.kind } : {}),
  }));
  const legend = names.map((name) => ({ colour: colourOf(name), label: nameOf(name) }));
  return { features, ids: [], legend, dims: true };
}
