import { Button } from "antd";
import { lazy, Suspense, useRef, useState } from "react";
import type { Isolation, OffNormalValve, ValveToOperate } from "../api/planner";
import { useText } from "../i18n/hooks";
import { valveAddress } from "../map/icons";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import { readSandbox, sandboxKey, sandboxOf, supposes, withStuck, withValve } from "../state/sandbox";
import { formatLength, formatNumber, formatValue } from "../units";
import { AlternativeList } from "./AlternativeList";
import { inOrder, isolationMarks, numberOf, ROLE_SIGNS } from "./isolation";
import { MOST_DRAWN } from "./offNormal";
import { Panel } from "./Panel";
import { PastBox } from "./PastBox";
import { PickList } from "./PickList";
import { useHindrance, usePast } from "./permissions";
import { useMarks, usePicks, useVisit } from "./planning";
import { RemoteNote } from "./RemoteNote";
import { Concerned, Line, RingFigures } from "./RingFigures";
import { SandboxBox } from "./SandboxBox";
import { Subject } from "./Subject";
import { useAnswer } from "./useAnswer";
import { Versions } from "./Versions";
import { hindrance as hindranceOf } from "./valves";

const PlanForm = lazy(() => import("./PlanForm"));
/** So many valves are listed before one asks for the others. */
const FIRST_VALVES = 8;
const CUT = ["pipe", "valve", "substation", "building", "building_inlet", "plant", "boiler_house"];

/** Which valves shut a place off, who loses heat then, and which closed valve gives heat back. */
export default function IsolationPanel() {
  const t = useText();
  const selected = useApp((state) => state.view.selected);
  const also = usePicks("also", CUT);
  return (
    <Panel title={t("isolation.title")} className="work-panel tool-panel isolation-panel">
      <Subject />
      {selected !== null && <PickList label={t("isolation.also")} picks={also} hint={t("isolation.pickAlso")} />}
      <PastBox />
      <SandboxBox />
      {selected !== null && <Answer assetIds={[selected, ...also.ids.filter((id) => id !== selected)]} />}
    </Panel>
  );
}

/** The isolation as the sandbox supposes it, and as it is: what an assumption changes is told beside it. */
function useIsolation(assetIds: readonly number[]) {
  const { planning } = useParts();
  const supposed = useApp((state) => sandboxKey(state.view));
  const any = useApp((state) => supposes(sandboxOf(state.view)));
  const ids = assetIds.join();
  const body = { question: "isolation", asset_ids: assetIds, geometry: true } as const;
  const answer = useAnswer(`isolation ${ids} ${supposed}`, () => planning.trace<Isolation>(body));
  const actual = useAnswer(any ? `isolation ${ids} as it is` : null, () =>
    planning.trace<Isolation>({ ...body, geometry: false }, false),
  );
  return { answer, actual: any ? arrived(actual) : null };
}

function Answer({ assetIds }: { assetIds: readonly number[] }) {
  const t = useText();
  const { answer, actual } = useIsolation(assetIds);
  const key = assetIds.join();
  // what is shown stays until the answer to another assumption comes
  const kept = useRef<{ key: string; isolation: Isolation } | null>(null);
  const arrivedNow = arrived(answer);
  if (arrivedNow !== null) kept.current = { key, isolation: arrivedNow };
  const found = arrivedNow ?? (answer.state === "loading" && kept.current?.key === key ? kept.current.isolation : null);
  const supposed = useApp((state) => sandboxKey(state.view));
  const names = {
    drained: t("isolation.drainedPart"),
    lost: t("legend.lost"),
    close: t("isolation.role.close"),
    closed_already: t("isolation.role.closed_already"),
    cannot_close: t("isolation.role.cannot_close"),
    alternative: t("isolation.alternative"),
    off_closed: t("off-normal.closed"),
    off_opened: t("off-normal.opened"),
  };
  const offNormal = useOffNormal();
  useMarks(
    `${key} ${supposed} ${answer.state} ${offNormal.length}`,
    () => (found === null ? null : isolationMarks(found, names, offNormal)),
    found === null ? null : key,
  );
  if (found === null) return <RemoteNote remote={answer} />;
  return (
    <>
      {answer.state === "loading" && <RemoteNote remote={answer} />}
      <Facts isolation={found} actual={actual} />
      <SupposedLoss isolation={found} />
      <Save isolation={found} />
      <Valves isolation={found} />
      <AlternativeList isolation={found} />
      <section className="ring" aria-label={t("isolation.lost")}>
        <h3>{t("isolation.lost")}</h3>
        <RingFigures ring={found.lost} />
        <Concerned ring={found.lost} />
      </section>
      <Versions
        network={found.network_version}
        valve={found.valve_version}
        methods={[found.method]}
        findings={found.findings}
      />
    </>
  );
}

/** Valves that stand off normal now; of another time nobody lists them. */
function useOffNormal(): readonly OffNormalValve[] {
  const { planning } = useParts();
  const past = usePast();
  const found = useAnswer(past ? null : "off-normal drawn", () => planning.offNormal({ limit: MOST_DRAWN }));
  return past ? [] : (arrived(found)?.items ?? []);
}

/** What a supposed closing cuts off by itself is no loss of the isolation. */
function SupposedLoss({ isolation }: { isolation: Isolation }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const work = useApp((state) => state.view.work);
  const { valves, sources } = readSandbox(work);
  const cuts = [...valves.values()].includes("closed") || [...sources.values()].includes(false);
  if (!cuts) return null;
  const all = isolation.lost_with_sandbox?.counts.building;
  return (
    <p className="note grown">
      {t("isolation.supposedLoss")}
      {all !== undefined && ` ${t("isolation.lostInAll", { count: formatNumber(all, 0, lang) })}`}
    </p>
  );
}

function Facts({ isolation, actual }: { isolation: Isolation; actual: Isolation | null }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const buildings = (one: Isolation) =>
    `${formatNumber(one.lost.counts.building ?? 0, 0, lang)} ${t("unit.buildings")}`;
  return (
    <dl className="facts isolation-facts">
      <div>
        <dt>{t("isolation.lostBuildings")}</dt>
        <dd data-testid="isolation-lost">
          {actual !== null && <del>{buildings(actual)}</del>} <b>{buildings(isolation)}</b>
        </dd>
      </div>
      <Line label={t("isolation.drained")} value={formatValue(isolation.drained_m3, "m3", lang, 1)} />
      {isolation.drained_unknown_m > 0 && (
        <p className="note">
          {t("isolation.unknownVolume", { length: formatLength(isolation.drained_unknown_m, lang) })}
        </p>
      )}
      <Line label={t("isolation.drainedLength")} value={formatLength(isolation.drained_pipe_length_m, lang)} />
      <Line
        label={t("isolation.toClose")}
        value={`${formatNumber(isolation.order.length, 0, lang)} ${t("unit.valves")}`}
      />
    </dl>
  );
}

/** Valves in the order in which they are operated, each with what can be supposed of it. */
function Valves({ isolation }: { isolation: Isolation }) {
  const t = useText();
  const grown = isolation.grown_through.length;
  const [all, setAll] = useState(false);
  const valves = inOrder(isolation);
  const hidden = all || valves.length <= FIRST_VALVES + 2 ? 0 : valves.length - FIRST_VALVES;
  return (
    <section className="valves" aria-label={t("isolation.valves")}>
      <h3>{t("isolation.valves")}</h3>
      {grown > 0 && <p className="note grown">{t("isolation.grown", { count: grown })}</p>}
      {isolation.sources_inside.length > 0 && (
        <p className="note grown">{t("isolation.sourcesInside", { count: isolation.sources_inside.length })}</p>
      )}
      {isolation.shut_at.length > 0 && (
        <p className="note grown">{t("isolation.shutAt", { count: isolation.shut_at.length })}</p>
      )}
      {isolation.valves_outside_scope > 0 && (
        <p className="note grown">{t("isolation.outside", { count: isolation.valves_outside_scope })}</p>
      )}
      {isolation.valves.length === 0 && <p className="empty">{t("isolation.noValves")}</p>}
      <ol className="valve-rows">
        {valves.slice(0, valves.length - hidden).map((valve) => (
          <ValveRow key={valve.asset_id} valve={valve} number={numberOf(isolation, valve.asset_id)} />
        ))}
      </ol>
      {hidden > 0 && (
        <button type="button" className="more" onClick={() => setAll(true)}>
          {t("app.more", { count: hidden })}
        </button>
      )}
    </section>
  );
}

function ValveRow({ valve, number }: { valve: ValveToOperate; number: number | null }) {
  const t = useText();
  const { planning } = useParts();
  const visit = useVisit();
  const work = useApp((state) => state.view.work);
  const sandbox = readSandbox(work);
  const { asset_id: id, operability } = valve;
  const stuck = sandbox.stuck.includes(id);
  const shut = sandbox.valves.get(id) === "closed";
  const details = [
    t(valve.side === 2 ? "side.return" : "side.supply"),
    valve.role === "close" ? "" : t(`isolation.role.${valve.role}`),
    hindranceOf(t, operability),
    stuck ? t("sandbox.stuck") : "",
  ].filter(Boolean);
  return (
    <li className={`row valve-row ${valve.role}`}>
      <button type="button" className="row-main" title={valve.name} onClick={() => visit(id, valve.position)}>
        <img className="sign" src={valveAddress(ROLE_SIGNS[valve.role])} alt="" />
        <span className="row-text">
          <strong>
            {number !== null && <i className="number">{number}</i>}
            {valve.code || valve.name}
          </strong>
          <span className="row-detail">{details.join(" · ")}</span>
        </span>
      </button>
      {valve.role !== "closed_already" && (
        <button
          type="button"
          className="more"
          aria-pressed={stuck}
          aria-label={`${t(stuck ? "sandbox.unstick" : "sandbox.stick")} ${valve.code}`}
          onClick={() => planning.suppose((now) => withStuck(now, id))}
        >
          {t(stuck ? "sandbox.unstick" : "sandbox.stickShort")}
        </button>
      )}
      {(valve.role === "close" || shut) && (
        <button
          type="button"
          className="more"
          aria-pressed={shut}
          aria-label={`${t(shut ? "sandbox.takeBack" : "sandbox.close")} ${valve.code}`}
          onClick={() => planning.suppose((now) => withValve(now, id, shut ? null : "closed"))}
        >
          {t(shut ? "sandbox.takeBack" : "sandbox.closeShort")}
        </button>
      )}
    </li>
  );
}

function Save({ isolation }: { isolation: Isolation }) {
  const t = useText();
  const hindrance = useHindrance("plan", "plans.mayNot");
  const [open, setOpen] = useState(false);
  if (hindrance !== null) return <p className="note">{t(hindrance)}</p>;
  if (!open) {
    return (
      <p className="deeds">
        <Button size="small" type="primary" disabled={isolation.order.length === 0} onClick={() => setOpen(true)}>
          {t("plans.make")}
        </Button>
      </p>
    );
  }
  return (
    <Suspense fallback={<p className="empty">{t("app.loading")}</p>}>
      <PlanForm isolation={isolation} onCancel={() => setOpen(false)} />
    </Suspense>
  );
}
