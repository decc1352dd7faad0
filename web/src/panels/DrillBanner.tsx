import "./alarmDesk.css";
import * as requests from "../api/alarmDesk";
import { useText } from "../i18n/hooks";
import { currentCity } from "../state/app";
import { useApp } from "../state/context";
import { formatTime } from "../units";
import { usePolled } from "./usePolled";

const EVERY_MS = 10_000;

/** The drill that runs in the city now, for whoever shows something of it. */
export function useDrill() {
  const city = useApp((state) => state.view.city ?? 1);
  return usePolled("drill", EVERY_MS, () => requests.runningDrill({ city }));
}

/** A big mark on every page while a drill runs. */
export function DrillBanner() {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "UTC");
  const drill = useDrill();
  if (drill.state !== "ready" || drill.value === null) return null;
  const time = formatTime(Date.parse(drill.value.ends_at), zone, lang, false).slice(0, 5);
  return (
    <div className="drill-banner" role="status" data-drill={drill.value.drill_id}>
      <strong>{t("drills.banner")}</strong>
      <span>{t("drills.running", { name: drill.value.name, time })}</span>
      <span>{t("drills.notReal")}</span>
    </div>
  );
}
