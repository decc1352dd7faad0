import { useEffect, useState } from "react";
import { useText } from "../i18n/hooks";
import { useApp } from "../state/context";
import { formatAge } from "../units";

const GRACE_MS = 2000;

/** Says in the middle of the map that what it shows is old. A reconnection within two seconds stays silent. */
export function LostBanner() {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const lostAtMs = useApp((state) => state.live.lostAtMs);
  const [localMs, setLocalMs] = useState(0);
  useEffect(() => {
    if (lostAtMs === null) return;
    const timer = setInterval(() => setLocalMs(Date.now()), 500);
    return () => clearInterval(timer);
  }, [lostAtMs]);
  if (lostAtMs === null || localMs - lostAtMs < GRACE_MS) return null;
  return (
    <div className="lost-banner" role="alert">
      <strong>{t("feed.lost")}</strong>
      <span>{t("feed.lostFor", { age: formatAge(Math.floor((localMs - lostAtMs) / 1000), lang) })}</span>
    </div>
  );
}
