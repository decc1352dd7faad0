import "./incidents.css";
import { useText } from "../i18n/hooks";
import type { TextKey } from "../i18n/text";
import { useApp } from "../state/context";
import { formatAge, formatArea, formatNumber, formatShare } from "../units";
import type { Incident } from "./incidents";
import { useNow } from "./time";

/** No alarm proves a cause: nobody is told 100 %. */
const NEARLY = 0.995;

/** What happened, how sure that is, its state and age, and whom it concerns. */
export function IncidentText({ incident }: { incident: Incident }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const now = useNow();
  const { affected, cause } = incident;
  const age = Math.max(0, (now - Date.parse(incident.started_at)) / 1000);
  return (
    <span className="row-text">
      <strong>
        #{incident.incident_id} {t(`incidents.happened.${cause.hypothesis}` as TextKey)}{" "}
        <em className={`incident-state is-${incident.state}`}>{t(`incidents.state.${incident.state}`)}</em>
      </strong>
      <span className="row-detail">
        {t("incidents.counts", {
          open: incident.open_alarms,
          substations: affected.substations,
          users: formatNumber(affected.heat_user_count, 0, lang),
          area: formatArea(affected.heated_area_m2, lang),
        })}
      </span>
      <span className="row-detail">
        {t("alarm.level", { level: incident.level })} ·{" "}
        {cause.hypothesis !== "set" &&
          `${t("incidents.sure", {
            share: cause.confidence >= NEARLY ? t("causes.nearly") : formatShare(cause.confidence, lang),
          })} · `}
        {t("alarm.age", { age: formatAge(Math.floor(age), lang) })}
      </span>
    </span>
  );
}
