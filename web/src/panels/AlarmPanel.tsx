import { Button } from "antd";
import { useState } from "react";
import type { Alarm } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { moreUrgent } from "../layers/alarms";
import { useApp, useParts } from "../state/context";
import { statusOfLevel } from "../state/status";
import { formatAge, formatValue } from "../units";
import { AlarmDetails, AlarmTags } from "./AlarmDetails";
import { Panel } from "./Panel";
import { RemoteNote } from "./RemoteNote";
import { StatusMark } from "./StatusMark";
import { useNow } from "./time";

/** Active alarms: unacknowledged first, then by level, then newest. */
export function sortAlarms(alarms: readonly Alarm[]): Alarm[] {
  return [...alarms].sort((a, b) => {
    if (a.acknowledged !== b.acknowledged) return a.acknowledged ? 1 : -1;
    return moreUrgent(a, b) ? -1 : 1;
  });
}

export function AlarmPanel({ readOnly = false, most = 100 }: { readOnly?: boolean; most?: number }) {
  const t = useText();
  const alarms = useApp((state) => state.alarms);
  const shown = alarms.state === "ready" ? sortAlarms(alarms.value) : [];
  return (
    <Panel title={t("alarm.title")} className="alarms" extra={<span className="count">{shown.length}</span>}>
      <RemoteNote remote={alarms} />
      {alarms.state === "ready" && shown.length === 0 && <p className="empty">{t("alarm.none")}</p>}
      <ul className="rows" aria-live="polite">
        {shown.slice(0, most).map((alarm) => (
          <AlarmRow key={alarm.alarm_id} alarm={alarm} readOnly={readOnly} />
        ))}
      </ul>
      {shown.length > most && <p className="total">{t("alarm.total", { count: shown.length })}</p>}
    </Panel>
  );
}

function AlarmRow({ alarm, readOnly }: { alarm: Alarm; readOnly: boolean }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const { controller } = useParts();
  const chosen = useApp((state) => state.view.selected === alarm.asset_id);
  const past = useApp((state) => state.clock.mode === "replay");
  const now = useNow();
  const seconds = Math.max(0, Math.floor((now - Date.parse(alarm.raised_at)) / 1000));
  const rule = lang === "zh" ? alarm.rule_name_zh : alarm.rule_name_en;
  const [open, setOpen] = useState(false);
  const quiet = alarm.shelved_until !== null || alarm.suppressed || alarm.out_of_service;
  const marks = `${alarm.acknowledged ? " known" : ""}${quiet ? " quiet" : ""}${chosen ? " chosen" : ""}`;
  return (
    <li className={`row alarm level-${alarm.level}${marks}`}>
      <button
        type="button"
        className="row-main"
        disabled={readOnly}
        aria-label={t("alarm.show", { name: alarm.asset_name })}
        onClick={() => controller.visit(alarm.asset_id, alarm.position)}
      >
        <StatusMark code={statusOfLevel(alarm.level)} />
        <span className="row-text">
          <strong>{alarm.asset_name}</strong>
          <span className="row-detail">
            {t("alarm.level", { level: alarm.level })} · {rule}
          </span>
          <span className="row-detail">
            <b>{formatValue(alarm.value, alarm.unit, lang)}</b> ·{" "}
            {t("alarm.limit", { value: formatValue(alarm.limit_value, alarm.unit, lang) })} ·{" "}
            {t("alarm.age", { age: formatAge(seconds, lang) })}
          </span>
          <AlarmTags alarm={alarm} />
        </span>
      </button>
      {alarm.acknowledged ? (
        <span className="known-text">{t("alarm.acknowledged")}</span>
      ) : (
        !readOnly &&
        !past && (
          <Button
            size="small"
            aria-label={t("alarm.acknowledgeOf", { name: alarm.asset_name })}
            onClick={() => void controller.acknowledge(alarm.alarm_id)}
          >
            {t("alarm.acknowledge")}
          </Button>
        )
      )}
      {!readOnly && (
        <Button
          size="small"
          type="text"
          aria-expanded={open}
          aria-label={t("alarm.detailsOf", { name: alarm.asset_name })}
          onClick={() => setOpen(!open)}
        >
          {t("alarm.details")}
        </Button>
      )}
      {open && !readOnly && <AlarmDetails alarm={alarm} />}
    </li>
  );
}
