/** Pipes by how likely they leak, as marks over the map; pure. */

import type { components } from "../api/types.gen";
import { type Marks, markedAll, markedPoint } from "../state/marks";

export type LeakAnswer = components["schemas"]["LeakAnswer"];
export type LeakCandidate = components["schemas"]["LeakCandidate"];

/** From likely to unlikely, as shares of the likeliest pipe; none is red, which is an alarm's. */
export const LEAK_BANDS: readonly { from: number; colour: string; width: number }[] = [
  { from: 0.5, colour: "#f5d0fe", width: 8 },
  { from: 0.2, colour: "#e879f9", width: 6 },
  { from: 0.05, colour: "#a855f7", width: 5 },
  { from: 0, colour: "#6d4fc4", width: 4 },
];

/** Metres within which people can walk and listen; beyond the second, the place is hardly better than a guess. */
const NEAR_M = 150;
const WIDE_M = 500;

/** What an answer is worth: by how far one has to look, and nothing when no leak explains the readings. */
export function leakWorth({
  within_m,
  problems,
}: Pick<LeakAnswer, "within_m" | "problems">): "sure" | "likely" | "unsure" {
  if (problems.length > 0 || within_m > WIDE_M) return "unsure";
  return within_m <= NEAR_M ? "sure" : "likely";
}

/** The band of a pipe: its place in `LEAK_BANDS`. */
export function leakBand(likelihood: number, most: number): number {
  const share = most > 0 ? likelihood / most : 0;
  return LEAK_BANDS.findIndex(({ from }) => share >= from);
}

/** The likeliest pipes on top, and a point at the place named. */
export function leakMarks(answer: LeakAnswer, label: string, bandLabel: (percent: number) => string): Marks {
  const most = Math.max(0, ...answer.candidates.map(({ likelihood }) => likelihood));
  const lines = markedAll(answer.geometry, ({ properties }) => {
    const band = LEAK_BANDS[leakBand(Number(properties?.likelihood ?? 0), most)];
    return band === undefined
      ? null
      : { colour: band.colour, width: band.width, asset_id: Number(properties?.pipe_id), kind: "pipe" };
  });
  const place = markedPoint(answer.position, { colour: "#fef08a", radius: 8, label });
  return {
    features: [...lines.reverse(), ...place],
    ids: [],
    legend: LEAK_BANDS.map(({ colour, from }) => ({ colour, label: bandLabel(Math.round(100 * from * most)) })),
    dims: true,
  };
}
