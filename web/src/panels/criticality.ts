/** Segments by how much hangs on them, in bands of colour; pure. */

import type { CriticalSegment } from "../api/planner";
import type { Marks } from "../state/marks";

/** From much to little: bright stands out on the dark ground, and none is red. */
const RAMP = ["#f5d0fe", "#e879f9", "#a855f7", "#6d4fc4"];
/** Users lost from which a band begins, as shares of the most. */
const SHARES = [0.5, 0.2, 0.05, 0];

export interface Band {
  colour: string;
  /** Users lost, at least. */
  from: number;
  segments: number[];
}

/** Bands of segments by users lost; empty ones are left out. */
export function bandsOf(items: readonly CriticalSegment[]): Band[] {
  const most = Math.max(0, ...items.map(({ users_lost }) => users_lost));
  const limits = SHARES.map((share) => Math.max(1, Math.ceil(most * share)));
  return limits
    .map((from, i) => {
      const below = i === 0 ? Number.POSITIVE_INFINITY : (limits[i - 1] ?? 0);
      const segments = items.filter(({ users_lost: lost }) => lost >= from && lost < below);
      return { colour: RAMP[i] ?? "", from, segments: segments.map(({ segment_id }) => segment_id) };
    })
    .filter(({ segments }) => segments.length > 0);
}

/** Bands as they are drawn, the most critical on top. */
export function criticalMarks(items: readonly CriticalSegment[], label: (from: number) => string): Marks {
  const bands = bandsOf(items);
  return {
    features: [],
    ids: [...bands].reverse().map(({ colour, segments }) => ({ colour, ids: segments, of: "segments" as const })),
    legend: bands.map(({ colour, from }) => ({ colour, label: label(from) })),
    dims: true,
  };
}
