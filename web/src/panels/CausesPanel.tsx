import { Segmented } from "antd";
import { useEffect, useRef, useState } from "react";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import { formatAge, formatLength, formatNumber, formatShare } from "../units";
import { type Cause, type Causes, causeMarks, chosenCause, devicesOf, questionOf, sureness } from "./causes";
import { Panel } from "./Panel";
import { PickList } from "./PickList";
import { useMarks, usePicks, useVisit } from "./planning";
import { RemoteNote } from "./RemoteNote";
import { useAnswer } from "./useAnswer";
import { Versions } from "./Versions";

const AGAIN_MS = 5000;
const SHOWN = 40;
/** No alarm proves a cause: nobody is told 100 %. */
const NEARLY = 0.995;

/** When many alarms ring: which places explain them, which stations to look at, and what is left over. */
export default function CausesPanel() {
  const t = useText();
  const { desk, planning } = useParts();
  const work = useApp((state) => state.view.work);
  const alarms = useApp((state) => arrived(state.alarms));
  const open = (alarms ?? []).filter(({ active }) => active).map(({ asset_id }) => asset_id);
  const [own, setOwn] = useState(work.alarmed !== undefined);
  const alarmed = usePicks("alarmed");
  const silent = usePicks("silent");
  const [turn, setTurn] = useState(0);
  const body = own ? questionOf(alarmed.ids, silent.ids) : null;
  const key = own ? (body === null ? null : `causes ${JSON.stringify(body)} ${turn}`) : `causes ${open.join()} ${turn}`;
  const answer = useAnswer<Causes>(key, () =>
    body === null ? planning.get<Causes>("/causes") : planning.post<Causes>("/causes", body),
  );
  const found = useLatest(arrived(answer), answer.state !== "failed" && key !== null);
  const chosen = chosenCause(found?.causes ?? [], work.cause);
  useAgain(found !== null && !found.prepared && found.alarms > 1, () => setTurn((now) => now + 1));
  useMarks(`${key} ${chosen} ${found?.causes.length} ${found?.prepared}`, () =>
    found === null ? null : causeMarks(found, chosen, (name) => t(`causes.mark.${name}`)),
  );
  return (
    <Panel title={t("causes.title")} className="work-panel tool-panel causes-panel">
      <Segmented
        block
        size="small"
        value={own ? "own" : "open"}
        onChange={(next) => setOwn(next === "own")}
        options={[
          { value: "open", label: t("causes.open", { count: open.length }) },
          { value: "own", label: t("causes.own") },
        ]}
      />
      {own && (
        <>
          <PickList label={t("causes.alarmed")} picks={alarmed} />
          <PickList label={t("causes.silent")} picks={silent} hint={t("causes.silentHint")} />
        </>
      )}
      {key === null ? (
        <p className="empty">{t("causes.pick")}</p>
      ) : found === null ? (
        <RemoteNote remote={answer} />
      ) : (
        <Found found={found} chosen={chosen} onChoose={(i) => desk.set({ cause: i === 0 ? null : String(i) })} />
      )}
    </Panel>
  );
}

/** Ask again every few seconds, as long as it is wanted. */
function useAgain(wanted: boolean, ask: () => void): void {
  const asking = useRef(ask);
  asking.current = ask;
  useEffect(() => {
    if (!wanted) return;
    const timer = setInterval(() => asking.current(), AGAIN_MS);
    return () => clearInterval(timer);
  }, [wanted]);
}

/** What was here stays until the new answer comes, so that asking again does not empty the panel. */
function useLatest<T>(value: T | null, keep: boolean): T | null {
  const latest = useRef<T | null>(null);
  if (value !== null || !keep) latest.current = value;
  return latest.current;
}

function Found({ found, chosen, onChoose }: { found: Causes; chosen: number; onChoose(place: number): void }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const { planning } = useParts();
  return (
    <>
      {!found.prepared && found.alarms > 1 && (
        <p className="note" role="status">
          {t("causes.preparing")}
        </p>
      )}
      {found.causes.length === 0 && (
        <p className="empty">{t(found.alarms === 0 ? "causes.quiet" : "causes.none", { count: found.alarms })}</p>
      )}
      {found.causes.length > 0 && (
        <p className="note">
          {t("causes.basis", {
            alarms: found.alarms,
            sensors: found.sensors,
            rate: formatShare(found.stray_rate, lang),
          })}
        </p>
      )}
      <ol className="cause-list">
        {found.causes.map((cause, i) => (
          <CauseRow
            key={`${cause.segment_ids[0] ?? cause.asset_ids[0]}`}
            cause={cause}
            prepared={found.prepared}
            place={i + 1}
            chosen={i === chosen}
            onChoose={() => {
              onChoose(i);
              planning.goTo(cause.position);
            }}
          />
        ))}
      </ol>
      <Ids label={t("causes.stray")} ids={found.stray} />
      <Ids label={t("causes.notFed")} ids={found.not_fed} />
      {found.unknown.length > 0 && <p className="note">{t("causes.unknown", { count: found.unknown.length })}</p>}
      <Versions network={found.network_version} valve={found.valve_version} methods={[found.method]} />
    </>
  );
}

interface CauseRowProps {
  cause: Cause;
  /** Whether everything that decides was at hand when it was judged. */
  prepared: boolean;
  place: number;
  chosen: boolean;
  onChoose(): void;
}

function CauseRow({ cause, prepared, place, chosen, onChoose }: CauseRowProps) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const segments = cause.segment_ids.length;
  const group =
    segments > 0
      ? t("causes.group", { count: segments, length: formatLength(cause.length_m, lang) })
      : t(`causes.kind.${cause.kind as "segment"}`);
  return (
    <li className={`cause${chosen ? " chosen" : ""}`} data-testid={`cause-${place}`}>
      <button type="button" className="row-main" aria-pressed={chosen} onClick={onChoose}>
        <span className="row-text">
          <strong>
            <i className="number">{place}</i> {t(`causes.happened.${cause.hypothesis as "shut"}`)}{" "}
            <b className={`sureness is-${sureness(cause.confidence, prepared)}`}>
              {cause.confidence >= NEARLY ? t("causes.nearly") : formatShare(cause.confidence, lang)}
            </b>
          </strong>
          <span className="row-detail">{group}</span>
          <span className="row-detail">
            {t("causes.explains", { count: cause.explained.length, share: formatShare(cause.hit_rate, lang) })}
          </span>
        </span>
      </button>
      {chosen && <CauseDetails cause={cause} prepared={prepared} />}
    </li>
  );
}

function CauseDetails({ cause, prepared }: { cause: Cause; prepared: boolean }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const visit = useVisit();
  const worth = sureness(cause.confidence, prepared);
  const next = cause.runner_up;
  const nextId = next?.segment_ids[0] ?? next?.asset_ids[0];
  return (
    <div className="cause-details">
      <p className={`worth is-${worth}`}>{t(`causes.worth.${worth}`)}</p>
      <Ids label={t("causes.places")} ids={cause.segment_ids.length > 0 ? cause.segment_ids : devicesOf(cause)} />
      <Ids label={t("causes.explained")} ids={cause.explained} />
      <Ids label={t("causes.silentBelow")} ids={cause.silent_below} open />
      {cause.unmeasured_below > 0 && (
        <p className="note">{t("causes.unmeasured", { count: cause.unmeasured_below })}</p>
      )}
      {cause.age_s !== null && <p className="note">{t("causes.since", { age: formatAge(cause.age_s, lang) })}</p>}
      {next !== null && next !== undefined && nextId !== undefined && (
        <p className="note">
          {t("causes.runnerUp")}{" "}
          <button type="button" className="link" onClick={() => visit(nextId)}>
            #{nextId}
          </button>{" "}
          {t("causes.lessLikely", { times: formatNumber(Math.min(Math.exp(next.distance), 1e6), 0, lang) })}
          {next.distance_m !== null && ` · ${formatLength(next.distance_m, lang)}`}
        </p>
      )}
      {cause.outside_scope > 0 && <p className="note">{t("causes.outside", { count: cause.outside_scope })}</p>}
    </div>
  );
}

/** Assets by their ids; a click goes there. */
function Ids({ label, ids, open = false }: { label: string; ids: readonly number[]; open?: boolean }) {
  const visit = useVisit();
  if (ids.length === 0) return null;
  return (
    <details className="ids" open={open}>
      <summary>
        {label} <b>{ids.length}</b>
      </summary>
      <ul className="chips">
        {ids.slice(0, SHOWN).map((id) => (
          <li key={id}>
            <button type="button" onClick={() => visit(id)}>
              #{id}
            </button>
          </li>
        ))}
        {ids.length > SHOWN && <li>…</li>}
      </ul>
    </details>
  );
}
