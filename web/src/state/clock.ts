/**
 * The one clock of the page. Live: the server's `as_of` carried forward by the time since it arrived, so that ages do not
 * depend on this machine's clock. Replay: a fixed instant.
 */
export type Clock = { mode: "live"; asOfMs: number | null; receivedAtMs: number } | { mode: "replay"; asOfMs: number };

export const NO_CLOCK: Clock = { mode: "live", asOfMs: null, receivedAtMs: 0 };

/** Server time in epoch milliseconds; `localMs` is `Date.now()` and stands in until the feed has spoken. */
export function nowMs(clock: Clock, localMs: number): number {
  if (clock.mode === "replay") return clock.asOfMs;
  return clock.asOfMs === null ? localMs : clock.asOfMs + Math.max(0, localMs - clock.receivedAtMs);
}

/** Age of something in whole seconds, never negative. */
export function ageSeconds(clock: Clock, localMs: number, at: string): number {
  return Math.max(0, Math.floor((nowMs(clock, localMs) - Date.parse(at)) / 1000));
}
