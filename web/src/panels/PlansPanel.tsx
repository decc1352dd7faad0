import { Select } from "antd";
import { useState } from "react";
import { type Loss, PLAN_STATES, type Plan, type PlanConflict, type PlanDetail, type PlanStep } from "../api/planner";
import { useText } from "../i18n/hooks";
import { currentCity } from "../state/app";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import { formatArea, formatNumber, formatTime, formatValue } from "../units";
import { Figure } from "./Figure";
import { PagedList } from "./PagedList";
import { Panel } from "./Panel";
import { type Permission, useMay, usePast } from "./permissions";
import { useMarks, useVisit } from "./planning";
import { planMarks, worstConflict } from "./plans";
import { ReasonBox } from "./ReasonBox";
import { RemoteNote } from "./RemoteNote";
import { Line } from "./RingFigures";
import { useAnswer } from "./useAnswer";

const ROW_PX = 84;

/** Isolations that are planned, under way or over, and where they lie in each other's way. */
export default function PlansPanel() {
  const t = useText();
  const plan = useApp((state) => state.view.work.plan);
  return (
    <Panel title={t("plans.title")} className="work-panel tool-panel plans-panel">
      {plan === undefined ? <PlanList /> : <OnePlan key={plan} id={Number(plan)} />}
    </Panel>
  );
}

function PlanList() {
  const t = useText();
  const { desk, planning } = useParts();
  const state = useApp((app) => app.view.work.plan_state);
  const options = PLAN_STATES.map((value) => ({ value: value as string, label: t(`plans.state.${value}`) }));
  return (
    <>
      <Select
        size="small"
        allowClear
        aria-label={t("plans.state")}
        placeholder={t("plans.state")}
        value={state}
        options={options}
        onChange={(next: string | undefined) => desk.set({ plan_state: next ?? null })}
      />
      <PagedList<Plan>
        listKey={`plans ${state ?? ""}`}
        label={t("plans.title")}
        rowHeight={ROW_PX}
        page={(offset, limit) => planning.plans({ state, offset, limit })}
        empty={t("plans.none")}
      >
        {(plan) => <PlanRow plan={plan} />}
      </PagedList>
    </>
  );
}

/** From and to, in the city's time. */
function usePeriod(): (from: string, to: string) => string {
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "UTC");
  return (from, to) => [from, to].map((at) => formatTime(Date.parse(at), zone, lang)).join(" – ");
}

function useLoss(): (loss: Loss) => string {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  return (loss) =>
    [
      `${formatNumber(loss.buildings, 0, lang)} ${t("unit.buildings")}`,
      `${formatNumber(loss.heat_user_count, 0, lang)} ${t("unit.users")}`,
      formatArea(loss.heated_area_m2, lang),
    ].join(" · ");
}

function PlanRow({ plan }: { plan: Plan }) {
  const t = useText();
  const { desk } = useParts();
  const period = usePeriod();
  const loss = useLoss();
  const worst = worstConflict(plan.conflicts);
  return (
    <div className={`row plan-row ${plan.state}`}>
      <button type="button" className="row-main" onClick={() => desk.set({ plan: String(plan.plan_id) })}>
        <span className="row-text">
          <strong>
            {plan.title} <em className="state">{t(`plans.state.${plan.state}`)}</em>
          </strong>
          <span className="row-detail clamped">{period(plan.planned_from_at, plan.planned_to_at)}</span>
          <span className="row-detail clamped">
            {t("legend.lost")} {loss(plan.lost)}
          </span>
          {worst !== null && (
            <span className="row-detail clamped">
              <b className="conflict">{t("plans.conflicts", { count: plan.conflicts.length })}</b> {t("plans.joint")}{" "}
              {loss(worst.joint)}
            </span>
          )}
        </span>
      </button>
    </div>
  );
}

function OnePlan({ id }: { id: number }) {
  const t = useText();
  const { desk, planning } = useParts();
  const found = useAnswer(`plan ${id}`, () => planning.plan(id));
  return (
    <>
      <button type="button" className="more back" onClick={() => desk.set({ plan: null })}>
        ‹ {t("plans.back")}
      </button>
      <RemoteNote remote={found} />
      {found.state === "ready" && <Facts plan={found.value} />}
    </>
  );
}

/** Draw the plan, whom it cuts off, and the plans that it meets in time. */
function usePlanMarks(plan: PlanDetail): void {
  const t = useText();
  const { planning } = useParts();
  const met = plan.conflicts.map(({ plan_id }) => plan_id);
  const key = `${plan.plan_id} ${plan.version} ${plan.state} ${met.join()}`;
  const area = useAnswer(`plan area ${key}`, () => planning.planArea(plan.plan_id));
  const others = useAnswer(met.length === 0 ? null : `plans met ${key}`, () => Promise.all(met.map(planning.plan)));
  const names = {
    plan: t("plans.area.plan"),
    other: t("plans.area.other"),
    both: t("plans.area.both"),
    only_together: t("plans.area.only_together"),
    close: t("plans.action.close"),
    open: t("plans.action.open"),
  };
  const settled = area.state === "ready" || area.state === "failed";
  useMarks(
    `plan ${key} ${area.state} ${others.state} ${names.plan}`,
    () => planMarks(plan, arrived(area), arrived(others) ?? [], names),
    settled ? `plan ${plan.plan_id}` : null,
  );
}

function Facts({ plan }: { plan: PlanDetail }) {
  const t = useText();
  const loss = useLoss();
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "UTC");
  const visit = useVisit();
  const period = usePeriod();
  usePlanMarks(plan);
  return (
    <>
      <h3>
        {plan.title} <em className={`state ${plan.state}`}>{t(`plans.state.${plan.state}`)}</em>
      </h3>
      <dl className="facts">
        <Line label={t("plans.period")} value={period(plan.planned_from_at, plan.planned_to_at)} />
        <Line label={t("plans.crew")} value={plan.crew || "—"} />
        {plan.note !== "" && <Line label={t("plans.note")} value={plan.note} />}
        <Line label={t("plans.made")} value={`${plan.seat} · ${formatTime(Date.parse(plan.made_at), zone, lang)}`} />
      </dl>
      <LossFigures loss={plan.lost} />
      {plan.lost_now !== null && plan.lost_now.buildings !== plan.lost.buildings && (
        <p className="note grown">
          {t("plans.lostNow")} {loss(plan.lost_now)}
        </p>
      )}
      {plan.problem !== null && <p className="note grown">{plan.problem}</p>}
      <Conflicts conflicts={plan.conflicts} />
      <Customers plan={plan} />
      <Steps plan={plan} />
      <section className="valves" aria-label={t("plans.order")}>
        <h3>{t("plans.order")}</h3>
        <ol className="valve-order">
          {[...plan.valves]
            .sort((a, b) => a.order - b.order)
            .map((valve) => (
              <li key={valve.asset_id}>
                <i className="number">{valve.order}</i>
                <em>{t(`plans.action.${valve.action}`)}</em>
                <button type="button" className="link" onClick={() => visit(valve.asset_id, valve.position)}>
                  {valve.code} {valve.name}
                </button>
              </li>
            ))}
        </ol>
      </section>
      <Events plan={plan} />
      <p className="note">{t("impact.versions", { network: plan.network_version, valve: plan.valve_version })}</p>
    </>
  );
}

function LossFigures({ loss }: { loss: Loss }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  return (
    <dl className="figures">
      <Figure
        label={t("isolation.lostBuildings")}
        value={`${formatNumber(loss.buildings, 0, lang)} ${t("unit.buildings")}`}
      />
      <Figure label={t("impact.users")} value={`${formatNumber(loss.heat_user_count, 0, lang)} ${t("unit.users")}`} />
      <Figure label={t("impact.area")} value={formatArea(loss.heated_area_m2, lang)} />
      <Figure label={t("impact.load")} value={formatValue(loss.heat_load_mw, "MW", lang)} />
    </dl>
  );
}

/** Plans that overlap in time: together they may cut off more than each of them. */
function Conflicts({ conflicts }: { conflicts: readonly PlanConflict[] }) {
  const t = useText();
  const { desk } = useParts();
  const period = usePeriod();
  const loss = useLoss();
  if (conflicts.length === 0) return <p className="note">{t("plans.noConflict")}</p>;
  return (
    <section aria-label={t("plans.conflictsTitle")}>
      <h3>{t("plans.conflictsTitle")}</h3>
      <ul className="rows">
        {conflicts.map((conflict) => (
          <li key={conflict.plan_id} className="row conflicting">
            <button type="button" className="row-main" onClick={() => desk.set({ plan: String(conflict.plan_id) })}>
              <span className="row-text">
                <strong>{conflict.title}</strong>
                <span className="row-detail">{period(conflict.from_at, conflict.to_at)}</span>
                <span className="row-detail">
                  {t("plans.joint")} {loss(conflict.joint)}
                </span>
                <span className="row-detail">
                  {t("plans.apart")} {loss(conflict.apart)}
                </span>
                {conflict.only_together.buildings > 0 && (
                  <span className="row-detail conflict">
                    {t("plans.onlyTogether")} {loss(conflict.only_together)}
                  </span>
                )}
                {conflict.opposed_valve_ids.length > 0 && (
                  <span className="row-detail conflict">
                    {t("plans.opposed", { count: conflict.opposed_valve_ids.length })}
                  </span>
                )}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Customers({ plan }: { plan: Plan }) {
  const t = useText();
  const { planning } = useParts();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  async function save(format: "csv" | "xlsx"): Promise<void> {
    setBusy(true);
    setFailure(null);
    try {
      await planning.save(`/plans/${plan.plan_id}/customers.${format}`);
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  }
  return (
    <section aria-label={t("plans.customers")}>
      <p className="exports">
        {t("plans.customers")}
        {(["csv", "xlsx"] as const).map((format) => (
          <button key={format} type="button" className="more" disabled={busy} onClick={() => void save(format)}>
            {t(`export.${format}`)}
          </button>
        ))}
        {busy && <span className="empty">{t("export.busy")}</span>}
      </p>
      {failure !== null && (
        <p className="failed" role="alert">
          {failure}
        </p>
      )}
    </section>
  );
}

const STEPS: Record<Plan["state"], readonly PlanStep[]> = {
  planned: ["start", "cancel"],
  running: ["finish", "cancel"],
  finished: [],
  cancelled: [],
};

/** What a step takes: valves are operated by those who switch them, not by those who plan. */
function needs(step: PlanStep, state: Plan["state"]): readonly Permission[] {
  if (step !== "cancel") return ["switch_valves"];
  return state === "running" ? ["plan", "switch_valves"] : ["plan"];
}

/** What can become of the plan next; starting it operates its valves. */
function Steps({ plan }: { plan: Plan }) {
  const t = useText();
  const { desk, planning } = useParts();
  const past = usePast();
  const may = { plan: useMay("plan"), switch_valves: useMay("switch_valves") };
  const known = STEPS[plan.state];
  if (known.length === 0) return null;
  if (past) return <p className="note">{t("past.readOnly")}</p>;
  const steps = known.filter((step) =>
    needs(step, plan.state).every((permission) => may[permission as keyof typeof may]),
  );
  if (steps.length === 0) return <p className="note">{t("plans.mayNot")}</p>;
  const deeds = steps.map((step) => ({
    label: t(`plans.${step}`),
    primary: step !== "cancel",
    ...(step === "cancel" ? {} : { sure: t(`plans.${step}Sure`, { count: plan.valves.length }) }),
    act: async (note: string) => {
      await planning.movePlan(plan.plan_id, step, note);
      desk.changed();
    },
  }));
  return (
    <>
      <ReasonBox deeds={deeds} hint={t("plans.stepNote")} />
      {!may.switch_valves && <p className="note">{t("plans.othersSwitch")}</p>}
    </>
  );
}

/** Who did what with the plan, the last first. */
function Events({ plan }: { plan: PlanDetail }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "UTC");
  return (
    <details className="named valve-history">
      <summary>
        {t("plans.events")} <b>{plan.events.length}</b>
      </summary>
      <ol aria-label={t("plans.events")}>
        {[...plan.events].reverse().map((event) => (
          <li key={event.version}>
            <b>{t(`plans.event.${event.event}`)}</b>
            <time>{formatTime(Date.parse(event.happened_at), zone, lang)}</time>
            <span className="row-detail">{[event.seat, event.note].filter(Boolean).join(" · ")}</span>
          </li>
        ))}
      </ol>
    </details>
  );
}
