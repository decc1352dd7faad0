import { useEffect, useState } from "react";
import { nowMs } from "../state/clock";
import { useApp } from "../state/context";

/** The page's clock in epoch milliseconds, once a second. */
export function useNow(): number {
  const clock = useApp((state) => state.clock);
  const [localMs, setLocalMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setLocalMs(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return nowMs(clock, Math.max(localMs, clock.mode === "live" ? clock.receivedAtMs : 0));
}

/** What an instant is called in a zone, as an input for local times takes it: `2026-11-21T17:05:00`. */
export function isoToLocal(iso: string, zone: string): string {
  const ms = Date.parse(iso);
  if (!Number.isFinite(ms)) return "";
  return new Date(ms + offsetMs(ms, zone)).toISOString().slice(0, 19);
}

/** The instant that a local time of a zone names; null for none. */
export function localToIso(local: string, zone: string): string | null {
  const asUtc = Date.parse(`${local}Z`);
  if (!Number.isFinite(asUtc)) return null;
  // the offset that holds then, looked up twice for the hours around a change of it
  const first = asUtc - offsetMs(asUtc, zone);
  return new Date(asUtc - offsetMs(first, zone)).toISOString();
}

/** How far a zone's clocks are ahead of UTC at an instant. */
function offsetMs(ms: number, zone: string): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(ms);
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value);
  const local = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
  return local - Math.floor(ms / 1000) * 1000;
}
