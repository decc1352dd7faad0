import type { ExpressionSpecification } from "maplibre-gl";
import { type Bands, codeOf, type LayerInput } from "./definition";
import { AREA_COLOURS, COLOURS } from "./palette";

/** Fields of the network's tiles that hold what is banded. */
const CODED: Record<string, string> = { class: "class", laying: "laying", material: "material" };
const UNKNOWN = "unknown";
/** From thin, young to thick, old: light to dark would drown on a dark ground, so the ramp goes from blue to yellow. */
const RAMP = ["#60a5fa", "#22d3ee", "#4ade80", "#facc15", "#fb923c"];

export interface BandColour {
  name: string;
  colour: string;
}

/** The limits that names of bands hold: `to_300`, `300_800`, `from_1200`. */
export function limitsOf(names: readonly string[]): number[] {
  const limits = names.flatMap((name) => [...name.matchAll(/\d+/g)].map(([digits]) => Number(digits)));
  return [...new Set(limits)].sort((a, b) => a - b);
}

/** Bands with their colours; what has limits gets one band between each two of them. */
export function bandColours({ by, names }: Bands): BandColour[] {
  const unknown = { name: UNKNOWN, colour: COLOURS.gas };
  if (by in CODED) {
    const known = names.filter((name) => name !== UNKNOWN);
    return [...known.map((name, i) => ({ name, colour: AREA_COLOURS[i % AREA_COLOURS.length] as string })), unknown];
  }
  const limits = limitsOf(names);
  const steps = [
    `≤${limits[0] ?? ""}`,
    ...limits.slice(1).map((high, i) => `${limits[i]}–${high}`),
    `>${limits.at(-1) ?? ""}`,
  ];
  return [...steps.map((name, i) => ({ name, colour: RAMP[Math.min(i, RAMP.length - 1)] as string })), unknown];
}

/** Colour of a pipe by the band it is in; null when nobody asked for bands. */
export function bandColour(input: LayerInput): ExpressionSpecification | null {
  const { bands } = input;
  if (bands === null || bands.names.length === 0) return null;
  const colours = bandColours(bands);
  const field = CODED[bands.by];
  if (field !== undefined) {
    const known = colours.filter(({ name }) => name !== UNKNOWN);
    const pairs = known.flatMap(({ name, colour }) => [codeOf(input, "network", "pipe", field, name), colour]);
    const usable = pairs.filter((_, i) => i % 2 === 0).some((code) => (code as number) >= 0);
    if (!usable) return null;
    return [
      "match",
      ["coalesce", ["get", field], 0],
      ...distinct(pairs),
      COLOURS.gas,
    ] as unknown as ExpressionSpecification;
  }
  const value = bands.by === "age" ? ["-", bands.year ?? new Date().getFullYear(), ["get", "year"]] : ["get", "dn"];
  const limits = limitsOf(bands.names);
  // a limit belongs to the band below it
  const steps = limits.flatMap((limit, i) => [limit + 0.001, colours[i + 1]?.colour ?? COLOURS.gas]);
  const step = ["step", value, colours[0]?.colour ?? COLOURS.gas, ...steps];
  const known = ["has", bands.by === "age" ? "year" : "dn"];
  return ["case", known, step, COLOURS.gas] as unknown as ExpressionSpecification;
}

/** Codes that the tileset does not know share -1, which a match must not name twice. */
function distinct(pairs: readonly (string | number)[]): (string | number)[] {
  const kept: (string | number)[] = [];
  for (let i = 0; i < pairs.length; i += 2) {
    const [code, colour] = [pairs[i], pairs[i + 1]];
    if (typeof code === "number" && code >= 0 && colour !== undefined) kept.push(code, colour);
  }
  return kept;
}
