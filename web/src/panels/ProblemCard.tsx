import { Button } from "antd";
import { useEffect } from "react";
import type { ProblemDetail } from "../api/records";
import { useText } from "../i18n/hooks";
import { kindName } from "../i18n/text";
import { currentCity } from "../state/app";
import { changedBox } from "../state/box";
import { useApp, useParts } from "../state/context";
import { drawn, overlayOf } from "../state/overlay";
import { arrived } from "../state/remote";
import { formatTime } from "../units";
import { Differences } from "./Differences";
import { attributeDifferences, kindThatNames, named } from "./differences";
import { Panel } from "./Panel";
import { useMay } from "./permissions";
import { messageOf, subjectOf } from "./problems";
import { type Deed, ReasonBox } from "./ReasonBox";
import { RemoteNote } from "./RemoteNote";
import { SeverityMark } from "./SeverityMark";
import { useAnswer } from "./useAnswer";

/** One problem: what is wrong, what would mend it (drawn before and after), and the decision. */
export function ProblemCard() {
  const t = useText();
  const open = useApp((state) => state.view.panel === "problems");
  const id = useApp((state) => state.view.work.problem);
  const { desk } = useParts();
  const found = useAnswer(open && id !== undefined ? `problem ${id}` : null, () => desk.problem(Number(id)));
  if (!open || id === undefined) return null;
  const close = (
    <Button size="small" type="text" aria-label={t("app.close")} onClick={() => desk.set({ problem: null })}>
      ✕
    </Button>
  );
  return (
    <Panel title={t("problems.one")} className="problem-card" extra={close}>
      <RemoteNote remote={found} />
      {found.state === "ready" && <Card key={id} problem={found.value} />}
    </Panel>
  );
}

function Card({ problem }: { problem: ProblemDetail }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const { controller } = useParts();
  useDrawn(problem);
  return (
    <>
      <h3>
        <SeverityMark severity={problem.severity} /> {subjectOf(problem)}
      </h3>
      <p>{messageOf(problem, lang)}</p>
      {problem.asset_ids.length > 0 && (
        <ul className="chips">
          {problem.asset_ids.slice(0, 8).map((assetId) => (
            <li key={assetId}>
              <button type="button" onClick={() => controller.select(assetId)}>
                {`${kindName(lang, problem.kind)} ${assetId}`}
              </button>
            </li>
          ))}
        </ul>
      )}
      {problem.repair === null ? (
        <p className="note">{t("problems.noRepair")}</p>
      ) : (
        <p className="repair">
          <b>{t("problems.repair")}</b> {lang === "zh" ? problem.repair.text_zh : problem.repair.text_en}
        </p>
      )}
      <AttributeDifferences problem={problem} />
      <Decided problem={problem} />
      <Decide problem={problem} />
    </>
  );
}

/** What the repair changes of the attributes, with the names and codes of the catalogue. */
function AttributeDifferences({ problem }: { problem: ProblemDetail }) {
  const { desk } = useParts();
  const found = attributeDifferences(problem.attributes_before ?? null, problem.attributes_after ?? null);
  const asked = kindThatNames(problem, found);
  const known = arrived(useAnswer(asked === null ? null : `kind ${asked}`, () => desk.kind(asked ?? "")));
  return <Differences items={found.map((item) => named(item, known?.attributes ?? []))} />;
}

/** Before and after over the map, as long as the card is open. */
function useDrawn(problem: ProblemDetail): void {
  const { desk } = useParts();
  const { problem_id, geometry_before, geometry_after } = problem;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another answer about the same problem is drawn anew
  useEffect(() => {
    const moved = changedBox(geometry_before ?? null, geometry_after ?? null);
    // a repair of values leaves the shape alone: one drawing of it is enough
    const after = moved === null && geometry_before ? [] : drawn(geometry_after, "after");
    const overlay = overlayOf(after, drawn(geometry_before, "before"));
    desk.show(overlay, moved ?? overlay.features.length > 0);
    return () => desk.clear();
  }, [desk, problem_id, problem.state]);
}

function Decided({ problem }: { problem: ProblemDetail }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "UTC");
  const { desk } = useParts();
  if (problem.decided_at === null) return null;
  return (
    <p className="note">
      {t(`problems.state.${problem.state}`)} · {problem.decided_by} ·{" "}
      {formatTime(Date.parse(problem.decided_at), zone, lang)}
      {problem.reason !== null && problem.reason !== "" && ` · ${problem.reason}`}{" "}
      {problem.change_id !== null && (
        <button
          type="button"
          className="link"
          onClick={() => {
            desk.set({ change: String(problem.change_id) });
            desk.open("changes");
          }}
        >
          {t("changes.number", { id: problem.change_id })}
        </button>
      )}
    </p>
  );
}

function Decide({ problem }: { problem: ProblemDetail }) {
  const t = useText();
  const { desk } = useParts();
  const may = useMay("decide_problems");
  if (!may) return <p className="note">{t("problems.mayNot")}</p>;
  const act = (decision: "accept" | "dismiss" | "revert") => (reason: string) =>
    desk.decide(problem.problem_id, decision, reason);
  const accept: Deed = { label: t("problems.accept"), primary: true, act: act("accept") };
  const dismiss: Deed = { label: t("problems.dismiss"), act: act("dismiss") };
  const revert: Deed = { label: t("problems.revert"), act: act("revert") };
  const open = problem.state === "open" || problem.state === "reverted";
  const decided = problem.state === "accepted" || problem.state === "dismissed";
  const deeds = [
    ...(open && problem.repair !== null ? [accept] : []),
    ...(open ? [dismiss] : []),
    ...(decided || (problem.state === "gone" && problem.change_id !== null) ? [revert] : []),
  ];
  return <ReasonBox key={problem.state} deeds={deeds} />;
}
