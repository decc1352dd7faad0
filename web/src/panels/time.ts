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
