import "./arrivals.css";
import "./incidents.css";
import { Button, Segmented, Select } from "antd";
import { useEffect, useRef, useState } from "react";
import type { Alarm } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { kindName, type TextKey } from "../i18n/text";
import { currentCity } from "../state/app";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import { statusOfLevel } from "../state/status";
import { formatLength, formatNumber, formatTime, formatValue } from "../units";
import { isSignal } from "./AlarmFigure";
import { sortAlarms } from "./AlarmPanel";
import { Figure } from "./Figure";
import { IncidentText } from "./IncidentText";
import {
  filterAlarms,
  foundMarks,
  type Incident,
  type IncidentDetail,
  type Incidents,
  incidentMarks,
} from "./incidents";
import { Panel } from "./Panel";
import { useMay } from "./permissions";
import { useMarks, useVisit } from "./planning";
import { type Deed, ReasonBox } from "./ReasonBox";
import { RemoteNote } from "./RemoteNote";
import { StatusMark } from "./StatusMark";
import { useNow } from "./time";
import { usePolled } from "./usePolled";

const EVERY_MS = 3000;
const MOST = 60;

/** Incidents with their causes and who is without heat, the alarms that stand for themselves, and where alarms are. */
export default function IncidentsPanel() {
  const t = useText();
  const { desk, planning } = useParts();
  const work = useApp((state) => state.view.work);
  const at = usePastTime();
  const list = work.list === "closed" ? "closed" : "standing";
  const chosen = work.incident === undefined ? null : Number(work.incident);
  const found = usePolled(`incidents ${list} ${at}`, EVERY_MS, () =>
    planning.get<Incidents>("/incidents", { state: list, at }),
  );
  const answer = arrived(found);
  return (
    <Panel title={t("incidents.title")} className="work-panel arrivals incidents">
      <Segmented
        block
        size="small"
        value={list}
        onChange={(next) => desk.set({ list: next === "closed" ? "closed" : null, incident: null })}
        options={[
          { value: "standing", label: t("incidents.standing") },
          { value: "closed", label: t("incidents.closed") },
        ]}
      />
      <RemoteNote remote={found} />
      {answer !== null && <List answer={answer} list={list} chosen={chosen} at={at} />}
      {list === "standing" && <Alone chosen={chosen} />}
    </Panel>
  );
}

/** The replayed time, to a second; null: now. */
function usePastTime(): string | null {
  const replay = useApp((state) => state.clock.mode === "replay");
  const now = useNow();
  return replay ? new Date(Math.floor(now / 1000) * 1000).toISOString() : null;
}

interface ListProps {
  answer: Incidents;
  list: "standing" | "closed";
  chosen: number | null;
  at: string | null;
}

function List({ answer, list, chosen, at }: ListProps) {
  const t = useText();
  const { desk, planning } = useParts();
  function choose(incident: Incident): void {
    desk.set({ incident: incident.incident_id === chosen ? null : String(incident.incident_id) });
    if (incident.incident_id !== chosen) planning.goTo(incident.cause.position);
  }
  return (
    <>
      {answer.flood.flood && (
        <p className="note flood" role="status">
          {t("incidents.flood", { raised: answer.flood.raised, limit: answer.flood.limit })}
        </p>
      )}
      {answer.items.length === 0 && (
        <p className="empty">{t(list === "closed" ? "incidents.noneClosed" : "incidents.none")}</p>
      )}
      <ul className="rows incident-rows" aria-label={t("incidents.title")}>
        {answer.items.map((incident) => (
          <li
            key={incident.incident_id}
            className={`row level-${incident.level} is-${incident.state}${incident.incident_id === chosen ? " chosen" : ""}`}
          >
            <IncidentLine incident={incident} open={incident.incident_id === chosen} onClick={() => choose(incident)} />
            {incident.incident_id === chosen && <Details id={incident.incident_id} at={at} />}
          </li>
        ))}
      </ul>
      {answer.outside_scope > 0 && <p className="note">{t("incidents.outside", { count: answer.outside_scope })}</p>}
    </>
  );
}

interface LineProps {
  incident: Incident;
  open: boolean;
  onClick(): void;
}

/** An incident in the list; opens its details. */
export function IncidentLine({ incident, open, onClick }: LineProps) {
  return (
    <button type="button" className="row-main" aria-expanded={open} onClick={onClick}>
      <StatusMark code={incident.open_alarms > 0 ? statusOfLevel(incident.level) : 1} />
      <IncidentText incident={incident} />
    </button>
  );
}

// ---------------------------------------------------------------- one incident

function Details({ id, at }: { id: number; at: string | null }) {
  const t = useText();
  const { planning } = useParts();
  const [turn, setTurn] = useState(0);
  const found = usePolled(`incident ${id} ${at} ${turn}`, EVERY_MS, () =>
    planning.get<IncidentDetail>(`/incidents/${id}`, { at }),
  );
  const latest = useRef<IncidentDetail | null>(null);
  const answer = arrived(found) ?? latest.current;
  useEffect(() => {
    if (answer !== null) latest.current = answer;
  }, [answer]);
  const key = answer === null ? "" : `incident ${id} ${answer.cause.version} ${answer.explained.length}`;
  useMarks(key, () => (answer === null ? null : incidentMarks(answer, (name) => t(`incidents.mark.${name}`))));
  if (answer === null) return <RemoteNote remote={found} />;
  return (
    <section className="incident-details">
      <Facts incident={answer} />
      {at === null && <Deeds incident={answer} onDone={() => setTurn((before) => before + 1)} />}
      <Children incident={answer} at={at} onSplit={() => setTurn((before) => before + 1)} />
      <Log incident={answer} />
    </section>
  );
}

function Facts({ incident }: { incident: IncidentDetail }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "Asia/Shanghai");
  const visit = useVisit();
  const { affected, cause } = incident;
  return (
    <>
      <dl className="figures arrival-head">
        <Figure label={t("incidents.buildings")} value={formatNumber(affected.buildings, 0, lang)} />
        <Figure label={t("incidents.heat")} value={formatValue(affected.heat_gj_per_h, "GJ/h", lang, 1)} />
        <Figure label={t("incidents.started")} value={formatTime(Date.parse(incident.started_at), zone, lang)} />
      </dl>
      <p className="note">
        {t("incidents.band")}：{affected.band_zh}
        {affected.restore_within_h !== null &&
          ` · ${t("incidents.restoreWithin", { hours: affected.restore_within_h })}`}
      </p>
      {!cause.prepared && <p className="note">{t("incidents.preparing")}</p>}
      {cause.leak !== null && (
        <p className="note">{t("incidents.leak", { metres: formatLength(cause.leak.within_m, lang) })}</p>
      )}
      {incident.outside_scope > 0 && <p className="note">{t("incidents.hidden", { count: incident.outside_scope })}</p>}
      {incident.estate_list.length > 0 && (
        <details className="ids">
          <summary>
            {t("incidents.estates")} <b>{incident.estate_list.length}</b>
          </summary>
          <ul className="chips">
            {incident.estate_list.slice(0, MOST).map((estate) => (
              <li key={estate.asset_id}>
                <button type="button" onClick={() => visit(estate.asset_id)}>
                  {estate.name} {estate.buildings}
                </button>
              </li>
            ))}
          </ul>
        </details>
      )}
      {cause.silent_below.length > 0 && (
        <details className="ids" open>
          <summary>
            {t("incidents.silent")} <b>{cause.silent_below.length}</b>
          </summary>
          <ul className="chips">
            {cause.silent_below.slice(0, MOST).map((id) => (
              <li key={id}>
                <button type="button" onClick={() => visit(id)}>
                  #{id}
                </button>
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function Deeds({ incident, onDone }: { incident: IncidentDetail; onDone(): void }) {
  const t = useText();
  const { planning, controller } = useParts();
  const may = useMay("acknowledge_alarms");
  const selected = useApp((state) => state.view.selected);
  if (!may) return null;
  const id = incident.incident_id;
  async function act(action: string, body: object): Promise<void> {
    await planning.post(`/incidents/${id}/${action}`, body);
    onDone();
    await controller.refreshAlarms();
  }
  const standing = incident.state === "open" || incident.state === "repairing";
  const deed = (name: "restore" | "dismiss" | "reopen", more: Partial<Deed> = {}): Deed => ({
    label: t(`incidents.${name}`),
    act: (note) => act(name, { note }),
    ...more,
  });
  const sure = incident.open_alarms > 0 ? { sure: t("incidents.sureRestore", { count: incident.open_alarms }) } : {};
  const deeds: Deed[] = [
    { label: t("incidents.note"), primary: true, act: (note) => act("log", { note }) },
    ...(standing ? [deed("restore", sure)] : []),
    ...(incident.state !== "closed" ? [deed("dismiss")] : [deed("reopen")]),
    ...(selected !== null && incident.state !== "closed"
      ? [{ label: t("incidents.setCause"), act: (note: string) => act("cause", { asset_id: selected, note }) }]
      : []),
  ];
  return (
    <>
      <p className="deeds">
        {incident.state === "open" && (
          <Button size="small" type="primary" onClick={() => void act("take", {})}>
            {t("incidents.take")}
          </Button>
        )}
        {incident.state === "restored" && (
          <Button size="small" type="primary" onClick={() => void act("close", {})}>
            {t("incidents.close")}
          </Button>
        )}
      </p>
      <ReasonBox deeds={deeds} />
    </>
  );
}

function Children({ incident, at, onSplit }: { incident: IncidentDetail; at: string | null; onSplit(): void }) {
  const t = useText();
  const { planning } = useParts();
  const may = useMay("acknowledge_alarms");
  const alarms = useApp((state) => arrived(state.alarms) ?? []);
  const own = sortAlarms(alarms.filter((alarm) => alarm.incident_id === incident.incident_id));
  async function split(alarm: Alarm): Promise<void> {
    const body = { alarm_id: alarm.alarm_id, note: t("incidents.splitWhy") };
    await planning.post(`/incidents/${incident.incident_id}/split`, body);
    onSplit();
  }
  if (own.length === 0) return null;
  return (
    <details className="ids incident-children">
      <summary>
        {t("incidents.children")} <b>{incident.open_alarms}</b>
      </summary>
      <ul className="rows">
        {own.slice(0, MOST).map((alarm) => (
          <li key={alarm.alarm_id} className="row">
            <AlarmLine alarm={alarm} />
            {may && at === null && (
              <Button
                size="small"
                type="text"
                aria-label={t("incidents.splitOf", { name: alarm.asset_name })}
                onClick={() => void split(alarm)}
              >
                {t("incidents.split")}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </details>
  );
}

function Log({ incident }: { incident: IncidentDetail }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "Asia/Shanghai");
  return (
    <>
      <h4>{t("incidents.log")}</h4>
      <ol className="incident-log">
        {incident.log.map((line) => (
          <li key={line.log_id}>
            <time>{formatTime(Date.parse(line.happened_at), zone, lang)}</time>{" "}
            <b>{t(`incidents.was.${line.word}` as TextKey)}</b> {line.seat === "rules" ? t("alarm.byRules") : line.seat}{" "}
            {line.note}
          </li>
        ))}
      </ol>
    </>
  );
}

// ---------------------------------------------------------------- alarms

function AlarmLine({ alarm }: { alarm: Alarm }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const { controller } = useParts();
  return (
    <button
      type="button"
      className="row-main"
      aria-label={t("alarm.show", { name: alarm.asset_name })}
      onClick={() => controller.visit(alarm.asset_id, alarm.position)}
    >
      <StatusMark code={statusOfLevel(alarm.level)} />
      <span className="row-text">
        <strong>{alarm.asset_name}</strong>
        <span className="row-detail">
          {lang === "zh" ? alarm.rule_name_zh : alarm.rule_name_en}
          {!isSignal(alarm) && ` · ${formatValue(alarm.value, alarm.unit, lang)}`}
        </span>
      </span>
    </button>
  );
}

/** Where alarms are, by kind, rule and level; without a filter those that no incident holds. */
function Alone({ chosen }: { chosen: number | null }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const { desk } = useParts();
  const { kind, rule, level } = useApp((state) => state.view.work);
  const alarms = useApp((state) => arrived(state.alarms) ?? []);
  const filtered = kind !== undefined || rule !== undefined || level !== undefined;
  const shown = sortAlarms(
    filtered ? filterAlarms(alarms, { kind, rule, level }) : alarms.filter((alarm) => alarm.incident_id === null),
  );
  return (
    <>
      <h4>
        {t(filtered ? "incidents.find" : "incidents.alone")} <b>{t("incidents.found", { count: shown.length })}</b>
      </h4>
      <div className="incident-filters">
        <Choice
          label={t("incidents.kind")}
          value={kind}
          options={choices(alarms, (alarm) => [alarm.asset_kind, kindName(lang, alarm.asset_kind)])}
          onChange={(next) => desk.set({ kind: next })}
        />
        <Choice
          label={t("incidents.rule")}
          value={rule}
          options={choices(alarms, (alarm) => [
            alarm.rule_code,
            lang === "zh" ? alarm.rule_name_zh : alarm.rule_name_en,
          ])}
          onChange={(next) => desk.set({ rule: next })}
        />
        <Choice
          label={t("incidents.level")}
          value={level}
          options={choices(alarms, (alarm) => [String(alarm.level), t("alarm.level", { level: alarm.level })])}
          onChange={(next) => desk.set({ level: next })}
        />
      </div>
      {filtered && chosen === null && <FoundMarks alarms={shown} />}
      {shown.length === 0 && <p className="empty">{t("incidents.aloneNone")}</p>}
      <ul className="rows incident-alone" aria-label={t("incidents.alone")}>
        {shown.slice(0, MOST).map((alarm) => (
          <li key={alarm.alarm_id} className={`row level-${alarm.level}`}>
            <AlarmLine alarm={alarm} />
          </li>
        ))}
      </ul>
      {shown.length > MOST && <p className="total">{t("alarm.total", { count: shown.length })}</p>}
    </>
  );
}

function FoundMarks({ alarms }: { alarms: readonly Alarm[] }) {
  const t = useText();
  useMarks(`found ${alarms.map(({ alarm_id }) => alarm_id).join()}`, () =>
    foundMarks(alarms, (name) => t(`incidents.mark.${name}`)),
  );
  return null;
}

type Option = readonly [value: string, label: string];

/** What alarms have of something, each once with how many. */
function choices(alarms: readonly Alarm[], of: (alarm: Alarm) => Option): { value: string; label: string }[] {
  const found = new Map<string, { label: string; count: number }>();
  for (const alarm of alarms) {
    const [value, label] = of(alarm);
    found.set(value, { label, count: (found.get(value)?.count ?? 0) + 1 });
  }
  return [...found].sort().map(([value, { label, count }]) => ({ value, label: `${label} ${count}` }));
}

interface ChoiceProps {
  label: string;
  value: string | undefined;
  options: { value: string; label: string }[];
  onChange(next: string | null): void;
}

function Choice({ label, value, options, onChange }: ChoiceProps) {
  return (
    <Select
      size="small"
      allowClear
      aria-label={label}
      placeholder={label}
      popupMatchSelectWidth={false}
      value={value ?? null}
      options={options}
      onChange={(next: string | null | undefined) => onChange(next ?? null)}
    />
  );
}
