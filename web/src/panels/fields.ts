import type { Field } from "../api/shapes";

/** The legend of a field as a gradient: its steps stand at equal distances, as its numbers do. */
export function rampOf(legend: Field["legend"]): string {
  const last = Math.max(1, legend.length - 1);
  const stops = legend.map(({ colour }, i) => `${colour} ${Math.round((100 * i) / last)}%`);
  return stops.length === 1 ? (legend[0]?.colour ?? "") : `linear-gradient(90deg, ${stops.join(", ")})`;
}
