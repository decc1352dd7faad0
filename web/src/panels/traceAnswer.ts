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

export const TRACE_COLOURS: readonly string[] = ["#22d3ee", "#f0abfc", "#a3e635", "#fbbf24"];

/** An answer as it is drawn: each list in a colour of its own. */
export function marksOf(answer: TraceReply, nameOf: (name: string) => string): Marks {
  const names = ringsOf(answer).map(({ name }) => name);
  const colourOf = (set: unknown) =>
    TRACE_COLOURS[Math.max(0, names.indexOf(String(set))) % TRACE_COLOURS.length] ?? COLOURS.primary;
  const features = markedAll(answer.geometry, ({ properties }) => ({
    colour: colourOf(properties?.set),
    width: 4,
    radius: 4,
    fill: 0.35,
    ...(typeof properties?.kind === "string" ? { kind: properties.kind } : {}),
  }));
  const legend = names.map((name) => ({ colour: colourOf(name), label: nameOf(name) }));
  return { features, ids: [], legend, dims: true };
}
