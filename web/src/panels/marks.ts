import type { QualityMark } from "../api/records";
import type { CurveLine } from "../state/app";

/** Why values of one point were flagged, by time. */
export type Reasons = ReadonlyMap<number, QualityMark>;

/** The marks of one point over the times of its line; of buckets each mark lies in the one that holds it. */
export function reasonsOf(line: CurveLine, marks: readonly QualityMark[]): Reasons {
  const found = new Map<number, QualityMark>();
  for (const mark of marks) {
    if (mark.point !== line.name) continue;
    const at = timeOf(line, mark.observed_at);
    if (at !== undefined && !found.has(at)) found.set(at, mark);
  }
  return found;
}

function timeOf(line: CurveLine, ms: number): number | undefined {
  if (line.every_s === 0) return line.at.includes(ms) ? ms : undefined;
  return line.at.findLast((start) => start <= ms && ms < start + line.every_s * 1000);
}

/** The line with the flags that rules of data quality give its values, where those are worse. */
export function withReasons(line: CurveLine, reasons: Reasons): CurveLine {
  if (reasons.size === 0) return line;
  const quality = line.at.map((ms, i) => Math.max(line.quality[i] ?? 9, reasons.get(ms)?.flag ?? 0));
  return { ...line, quality };
}
