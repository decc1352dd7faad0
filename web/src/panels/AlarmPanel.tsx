import { Button, Segmented } from "antd";
import { useState } from "react";
import type { Alarm } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { moreUrgent } from "../layers/alarms";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import { statusOfLevel } from "../state/status";
import { formatAge } from "../units";
import { AlarmDetails, AlarmTags } from "./AlarmDetails";
import { AlarmFigure } from "./AlarmFigure";
import { IncidentText } from "./IncidentText";
import { type AlarmGroup, groupAlarms, type Incident, type Incidents } from "./incidents";
import { Panel } from "./Panel";
import { RemoteNote } from "./RemoteNote";
import { StatusMark } from "./StatusMark";
import { useNow } from "./time";
import { usePolled } from "./usePolled";

/** Active alarms: unacknowledged first, then by level, then newest. */
export function sortAlarms(alarms: readonly Alarm[]): Alarm[] {
  return [...alarms].sort((a, b) => {
    if (a.acknowledged !== b.acknowledged) return a.acknowledged ? 1 : -1;
    return moreUrgent(a, b) ? -1 : 1;
  });
}

const EVERY_MS = 5000;

/** Open alarms one by one; in a flood, or when somebody wants it so, folded under their incidents. */
export function AlarmPanel({ readOnly = false, most = 100 }: { readOnly?: boolean; most?: number }) {
  const t = useText();
  const alarms = useApp((state) => state.alarms);
  const shown = alarms.state === "ready" ? sortAlarms(alarms.value) : [];
  const folded = shown.some((alarm) => alarm.incident_id !== null);
  return (
    <Panel title={t("alarm.title")} className="alarms" extra={<span className="count">{shown.length}</span>}>
      <RemoteNote remote={alarms} />
      {alarms.state === "ready" && shown.length === 0 && <p className="empty">{t("alarm.none")}</p>}
      {folded ? (
        <Folded alarms={shown} readOnly={readOnly} most={most} />
      ) : (
        <Single alarms={shown} readOnly={readOnly} most={most} />
      )}
    </Panel>
  );
}

interface ListProps {
  alarms: readonly Alarm[];
  readOnly: boolean;
  most: number;
}

function Single({ alarms, readOnly, most }: ListProps) {
  const t = useText();
  return (
    <>
      <ul className="rows" aria-live="polite">
        {alarms.slice(0, most).map((alarm) => (
          <AlarmRow key={alarm.alarm_id} alarm={alarm} readOnly={readOnly} />
        ))}
      </ul>
      {alarms.length > most && <p className="total">{t("alarm.total", { count: alarms.length })}</p>}
    </>
  );
}

/** Grouped while there is a flood, unless somebody has chosen otherwise. */
function Folded({ alarms, readOnly, most }: ListProps) {
  const t = useText();
  const { planning } = useParts();
  const [wanted, setWanted] = useState<boolean | null>(null);
  const found = usePolled("incidents of alarms", EVERY_MS, () => planning.get<Incidents>("/incidents", {}));
  const answer = arrived(found);
  const grouped = wanted ?? answer?.flood.flood ?? false;
  return (
    <>
      <Segmented
        block
        size="small"
        aria-label={t("incidents.view")}
        value={grouped ? "group" : "single"}
        onChange={(next) => setWanted(next === "group")}
        options={[
          { value: "single", label: t("incidents.single") },
          { value: "group", label: t("incidents.group") },
        ]}
      />
      {answer?.flood.flood && (
        <p className="note flood" role="status">
          {t("incidents.flood", { raised: answer.flood.raised, limit: answer.flood.limit })}
        </p>
      )}
      {grouped ? (
        <>
          {groupAlarms(alarms)
            .filter(({ incidentId }) => incidentId !== null)
            .map((group) => (
              <Group
                key={group.incidentId}
                group={group}
                incident={answer?.items.find(({ incident_id }) => incident_id === group.incidentId)}
                readOnly={readOnly}
                most={most}
              />
            ))}
          <Single alarms={alarms.filter(({ incident_id }) => incident_id === null)} readOnly={readOnly} most={most} />
        </>
      ) : (
        <Single alarms={alarms} readOnly={readOnly} most={most} />
      )}
    </>
  );
}

interface GroupProps {
  group: AlarmGroup;
  incident: Incident | undefined;
  readOnly: boolean;
  most: number;
}

function Group({ group, incident, readOnly, most }: GroupProps) {
  const t = useText();
  const [open, setOpen] = useState(false);
  const level = group.alarms[0]?.level ?? 3;
  return (
    <details className="alarm-group" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className={`row alarm level-${level}`}>
        <StatusMark code={statusOfLevel(level)} />
        {incident === undefined ? (
          <span className="row-text">
            <strong>
              {t("incidents.title")} #{group.incidentId}
            </strong>
            <span className="row-detail">
              {t("alarm.level", { level })} · {t("incidents.found", { count: group.alarms.length })}
            </span>
          </span>
        ) : (
          <IncidentText incident={incident} />
        )}
      </summary>
      {open && <Single alarms={group.alarms} readOnly={readOnly} most={most} />}
    </details>
  );
}

export function AlarmRow({ alarm, readOnly }: { alarm: Alarm; readOnly: boolean }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const { controller, desk } = useParts();
  const chosen = useApp((state) => state.view.selected === alarm.asset_id);
  const past = useApp((state) => state.clock.mode === "replay");
  const now = useNow();
  const seconds = Math.max(0, Math.floor((now - Date.parse(alarm.raised_at)) / 1000));
  const rule = lang === "zh" ? alarm.rule_name_zh : alarm.rule_name_en;
  const [open, setOpen] = useState(false);
  const quiet = alarm.shelved_until !== null || alarm.suppressed || alarm.out_of_service;
  const marks = `${alarm.acknowledged ? " known" : ""}${quiet ? " quiet" : ""}${chosen ? " chosen" : ""}`;
  const known = alarm.acknowledged && <span className="known-text">{t("alarm.acknowledged")}</span>;
  function showCurve(): void {
    desk.set({ point: alarm.point });
    controller.visit(alarm.asset_id, alarm.position);
  }
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
            <AlarmFigure of={alarm} />
            {t("alarm.age", { age: formatAge(seconds, lang) })}
          </span>
          {alarm.advice !== "" && (
            <span className="row-detail">{t("alarm-desk.advice", { advice: alarm.advice })}</span>
          )}
          <AlarmTags alarm={alarm} />
        </span>
      </button>
      {readOnly ? (
        known
      ) : (
        <span className="row-deeds">
          {known}
          {!alarm.acknowledged && !past && (
            <Button
              size="small"
              aria-label={t("alarm.acknowledgeOf", { name: alarm.asset_name })}
              onClick={() => void controller.acknowledge(alarm.alarm_id)}
            >
              {t("alarm.acknowledge")}
            </Button>
          )}
          <Button
            size="small"
            type="text"
            aria-label={t("alarm-desk.curveOf", { name: alarm.asset_name })}
            onClick={showCurve}
          >
            {t("alarm-desk.curve")}
          </Button>
          <Button
            size="small"
            type="text"
            aria-expanded={open}
            aria-label={t("alarm.detailsOf", { name: alarm.asset_name })}
            onClick={() => setOpen(!open)}
          >
            {t("alarm.details")}
          </Button>
        </span>
      )}
      {open && !readOnly && <AlarmDetails alarm={alarm} />}
    </li>
  );
}
