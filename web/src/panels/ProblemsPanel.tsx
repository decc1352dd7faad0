import { Input, Select } from "antd";
import { useState } from "react";
import type { Problem, ProblemState, Rule } from "../api/records";
import { useText } from "../i18n/hooks";
import { groupName } from "../i18n/text";
import { useApp, useParts } from "../state/context";
import { formatNumber } from "../units";
import { OwnerFilter } from "./OwnerFilter";
import { PagedList } from "./PagedList";
import { Panel } from "./Panel";
import { useMay } from "./permissions";
import {
  groupRules,
  messageOf,
  type RuleGroup,
  ruleCount,
  SEVERITIES,
  STATES,
  severitiesOf,
  stateOf,
  subjectOf,
} from "./problems";
import { ReasonBox } from "./ReasonBox";
import { RecheckNote } from "./RecheckNote";
import { RemoteNote } from "./RemoteNote";
import { SeverityMark } from "./SeverityMark";
import { useAnswer } from "./useAnswer";

const ROW_PX = 66;

/** Everything the checks found: rules by group, the places of a rule, and what to do about them. */
export function ProblemsPanel() {
  const t = useText();
  const work = useApp((state) => state.view.work);
  const { desk } = useParts();
  const state = stateOf(work.state);
  const found = useAnswer("rules", () => desk.rules());
  const all = found.state === "ready" ? found.value.rules : [];
  const rule = all.find((one) => one.rule === work.rule);
  // rules are counted for the whole city: with an owner or a text the problems themselves are listed
  const listed = [rule, work.q, work.area, work.company].some((one) => one !== undefined);
  return (
    <Panel title={t("problems.title")} className="work-panel problems" extra={<StateBox state={state} />}>
      <RecheckNote />
      <Filters />
      <RemoteNote remote={found} />
      {listed && <ProblemList key={rule?.rule ?? ""} rule={rule ?? null} state={state} />}
      {!listed && found.state === "ready" && (
        <RuleGroups groups={groupRules(all, state, severitiesOf(work.severity))} state={state} />
      )}
    </Panel>
  );
}

function StateBox({ state }: { state: ProblemState }) {
  const t = useText();
  const { desk } = useParts();
  return (
    <Select
      size="small"
      className="state-select"
      aria-label={t("problems.state")}
      value={state}
      options={STATES.map((value) => ({ value, label: t(`problems.state.${value}`) }))}
      onChange={(next: ProblemState) => desk.set({ state: next === "open" ? null : next, problem: null })}
    />
  );
}

function Filters() {
  const t = useText();
  const { desk } = useParts();
  const work = useApp((state) => state.view.work);
  const [text, setText] = useState(work.q ?? "");
  const chosen = severitiesOf(work.severity);
  const toggle = (one: (typeof SEVERITIES)[number]) => {
    const next = SEVERITIES.filter((each) => (each === one ? !chosen.includes(one) : chosen.includes(each)));
    desk.set({ severity: next.length === SEVERITIES.length || next.length === 0 ? null : next.join() });
  };
  return (
    <div className="filters">
      <fieldset className="severities" aria-label={t("problems.severity")}>
        {SEVERITIES.map((one) => (
          <button key={one} type="button" aria-pressed={chosen.includes(one)} onClick={() => toggle(one)}>
            <SeverityMark severity={one} /> <span>{t(`severity.${one}`)}</span>
          </button>
        ))}
        <ProblemLayerSwitch />
      </fieldset>
      <Input.Search
        size="small"
        allowClear
        value={text}
        placeholder={t("problems.search")}
        aria-label={t("problems.search")}
        onChange={(event) => setText(event.target.value)}
        onSearch={(next) => desk.set({ q: next.trim() || null, problem: null })}
      />
      <OwnerFilter />
    </div>
  );
}

function ProblemLayerSwitch() {
  const t = useText();
  const { store } = useParts();
  const on = useApp((state) => state.view.layers.includes("problems"));
  return (
    <button
      type="button"
      className="on-map"
      aria-pressed={on}
      onClick={() => store.dispatch({ type: "view/layer", layer: "problems", on: !on })}
    >
      {t("work.onMap")}
    </button>
  );
}

function RuleGroups({ groups, state }: { groups: readonly RuleGroup[]; state: ProblemState }) {
  const t = useText();
  if (groups.length === 0) return <p className="empty">{t("problems.none")}</p>;
  return (
    <div className="rule-groups" data-testid="rule-groups">
      {groups.map((group) => (
        <Group key={group.group} group={group} state={state} />
      ))}
    </div>
  );
}

function Group({ group, state }: { group: RuleGroup; state: ProblemState }) {
  const lang = useApp((one) => one.view.lang);
  return (
    <details className="rule-group" open>
      <summary>
        <span>{groupName(lang, group.group)}</span>
        <span className="severity-counts">
          {SEVERITIES.filter((one) => group.counts[one] > 0).map((one) => (
            <span key={one}>
              <SeverityMark severity={one} />
              {formatNumber(group.counts[one], 0, lang)}
            </span>
          ))}
        </span>
      </summary>
      <ul className="rule-list">
        {group.rules.map((rule) => (
          <RuleRow key={rule.rule} rule={rule} state={state} />
        ))}
      </ul>
    </details>
  );
}

function RuleRow({ rule, state }: { rule: Rule; state: ProblemState }) {
  const t = useText();
  const lang = useApp((one) => one.view.lang);
  const { desk } = useParts();
  const count = ruleCount(rule, state);
  return (
    <li>
      <button
        type="button"
        title={lang === "zh" ? rule.meaning_zh : rule.meaning_en}
        onClick={() => desk.set({ rule: rule.rule })}
      >
        <SeverityMark severity={rule.severity} />
        <span className="rule-name">{lang === "zh" ? rule.label_zh : rule.label_en}</span>
        {rule.repairable && <small>{t("problems.repairable")}</small>}
        <b>{count === null ? "" : formatNumber(count, 0, lang)}</b>
      </button>
    </li>
  );
}

function ProblemList({ rule, state }: { rule: Rule | null; state: ProblemState }) {
  const t = useText();
  const lang = useApp((one) => one.view.lang);
  const work = useApp((one) => one.view.work);
  const { desk } = useParts();
  const [total, setTotal] = useState<number | null>(null);
  const severities = severitiesOf(work.severity);
  const filter = {
    rule: rule?.rule,
    state,
    q: work.q,
    area_id: work.area,
    company_id: work.company,
    // one rule has one severity, so the switches tell rules apart only
    severity: rule === null && severities.length === 1 ? severities[0] : undefined,
  };
  return (
    <>
      {rule !== null && (
        <div className="rule-head">
          <button type="button" className="more" onClick={() => desk.set({ rule: null, problem: null })}>
            ‹ {t("problems.back")}
          </button>
          <h3>
            <SeverityMark severity={rule.severity} /> {lang === "zh" ? rule.label_zh : rule.label_en}
          </h3>
          <p className="note">{lang === "zh" ? rule.meaning_zh : rule.meaning_en}</p>
          {state === "open" && rule.repairable && total !== null && total > 0 && (
            <AcceptAll rule={rule} count={total} />
          )}
        </div>
      )}
      <PagedList<Problem>
        listKey={JSON.stringify(filter)}
        label={t("problems.title")}
        rowHeight={ROW_PX}
        page={(offset, limit) => desk.problems({ ...filter, offset, limit })}
        onTotal={setTotal}
        empty={t("problems.none")}
      >
        {(problem) => <ProblemRow problem={problem} />}
      </PagedList>
    </>
  );
}

function ProblemRow({ problem }: { problem: Problem }) {
  const lang = useApp((state) => state.view.lang);
  const chosen = useApp((state) => state.view.work.problem === String(problem.problem_id));
  const { desk } = useParts();
  function choose(): void {
    desk.set({ problem: String(problem.problem_id) });
    desk.goTo(problem.position);
  }
  return (
    <div className={`row${chosen ? " chosen" : ""}`}>
      <button type="button" className="row-main" aria-current={chosen ? "true" : undefined} onClick={choose}>
        <SeverityMark severity={problem.severity} />
        <span className="row-text">
          <strong>{subjectOf(problem)}</strong>
          <span className="row-detail">{messageOf(problem, lang)}</span>
        </span>
      </button>
    </div>
  );
}

/** Accept the repair of every problem that the list holds; what could not be repaired is told. */
function AcceptAll({ rule, count }: { rule: Rule; count: number }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const work = useApp((state) => state.view.work);
  const { desk } = useParts();
  const may = useMay("decide_problems");
  const [open, setOpen] = useState(false);
  const [done, setDone] = useState<string | null>(null);
  // a text filter is not a part of what a rule is accepted for
  if (!may || work.q !== undefined) return null;
  const shown = formatNumber(count, 0, lang);
  async function act(reason: string): Promise<void> {
    const owner = {
      ...(work.area === undefined ? {} : { area_id: Number(work.area) }),
      ...(work.company === undefined ? {} : { company_id: Number(work.company) }),
    };
    const answer = await desk.acceptAll({ rule: rule.rule, reason, ...owner });
    setDone(t("problems.acceptedAll", { accepted: answer.accepted, refused: answer.refused }));
    setOpen(false);
  }
  return (
    <div className="accept-all">
      {!open && (
        <button type="button" className="more" onClick={() => setOpen(true)}>
          {t("problems.acceptAll", { count: shown })}
        </button>
      )}
      {open && (
        <ReasonBox
          deeds={[
            {
              label: t("problems.acceptAll", { count: shown }),
              primary: true,
              sure: t("problems.acceptAllSure", { count: shown, rule: lang === "zh" ? rule.label_zh : rule.label_en }),
              act,
            },
          ]}
        />
      )}
      {done !== null && <p className="note">{done}</p>}
    </div>
  );
}
