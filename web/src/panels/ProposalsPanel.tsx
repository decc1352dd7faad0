import { Select } from "antd";
import { useEffect, useState } from "react";
import type { Proposal, ProposalState } from "../api/records";
import { useText } from "../i18n/hooks";
import { kindName } from "../i18n/text";
import { currentCity } from "../state/app";
import { useApp, useParts } from "../state/context";
import { drawn, overlayOf } from "../state/overlay";
import { formatTime } from "../units";
import { Differences } from "./Differences";
import { valueText } from "./differences";
import { PagedList } from "./PagedList";
import { Panel } from "./Panel";
import { useMay } from "./permissions";
import { type Deed, ReasonBox } from "./ReasonBox";

const STATES: readonly ProposalState[] = ["open", "approved", "rejected", "withdrawn"];
const ROW_PX = 66;

/** Changes that wait for somebody who may approve them, and what became of the others. */
export function ProposalsPanel() {
  const t = useText();
  const { desk } = useParts();
  const work = useApp((state) => state.view.work);
  const state = STATES.find((one) => one === work.decision) ?? "open";
  const [chosen, setChosen] = useState<Proposal | null>(null);
  const shown = chosen !== null && String(chosen.proposal_id) === work.proposal ? chosen : null;
  const select = (
    <Select
      size="small"
      className="state-select"
      aria-label={t("proposals.state")}
      value={state}
      options={STATES.map((value) => ({ value, label: t(`proposals.state.${value}`) }))}
      onChange={(next: ProposalState) => desk.set({ decision: next === "open" ? null : next, proposal: null })}
    />
  );
  return (
    <Panel title={t("proposals.title")} className="work-panel proposals" extra={select}>
      {shown !== null && <OneProposal key={`${shown.proposal_id}`} proposal={shown} />}
      <PagedList<Proposal>
        listKey={state}
        label={t("proposals.title")}
        rowHeight={ROW_PX}
        page={async (offset, limit) => {
          const answer = await desk.proposals({ state, offset, limit });
          // a link names a proposal; it is shown once the page that holds it is here
          const named = answer.items.find((one) => String(one.proposal_id) === work.proposal);
          if (named !== undefined) setChosen(named);
          return answer;
        }}
        empty={t("proposals.none")}
      >
        {(proposal) => (
          <ProposalRow
            proposal={proposal}
            chosen={proposal.proposal_id === shown?.proposal_id}
            onChoose={() => {
              setChosen(proposal);
              desk.set({ proposal: String(proposal.proposal_id) });
            }}
          />
        )}
      </PagedList>
    </Panel>
  );
}

function ProposalRow({ proposal, chosen, onChoose }: { proposal: Proposal; chosen: boolean; onChoose(): void }) {
  const lang = useApp((state) => state.view.lang);
  const first = proposal.differences[0];
  const text =
    first === undefined ? "" : `${lang === "zh" ? first.label_zh : first.field} → ${valueText(first.after, lang)}`;
  return (
    <div className={`row${chosen ? " chosen" : ""}`}>
      <button type="button" className="row-main" aria-current={chosen ? "true" : undefined} onClick={onChoose}>
        <span className="row-text">
          <strong>
            {kindName(lang, proposal.kind)} {proposal.code}
          </strong>
          <span className="row-detail">{proposal.seat}</span>
          <span className="row-detail">{[proposal.reason, text].filter(Boolean).join(" · ")}</span>
        </span>
      </button>
    </div>
  );
}

function OneProposal({ proposal }: { proposal: Proposal }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "UTC");
  const { controller, desk } = useParts();
  useEffect(() => {
    void controller.visitAsset(proposal.asset_id);
    const moved = proposal.differences.find(({ field }) => field === "geometry");
    desk.show(
      overlayOf(drawn(moved?.before as object | null, "before"), drawn(moved?.after as object | null, "after")),
    );
    return () => desk.clear();
  }, [controller, desk, proposal]);
  const time = (at: string) => formatTime(Date.parse(at), zone, lang);
  return (
    <section className="one-proposal" aria-label={t("proposals.one")}>
      <h3>
        {kindName(lang, proposal.kind)} {proposal.code}
      </h3>
      <p className="note">
        {proposal.seat} · {time(proposal.proposed_at)}
      </p>
      <p>{proposal.reason}</p>
      {proposal.retire && <p className="repair">{t("proposals.retire")}</p>}
      <Differences items={proposal.differences} />
      {proposal.state === "open" && proposal.present_version !== proposal.version && (
        <p className="failed">{t("proposals.stale")}</p>
      )}
      {proposal.decided_at !== null && (
        <p className="note">
          {t(`proposals.state.${proposal.state}`)} · {proposal.decided_by} · {time(proposal.decided_at)}
          {proposal.decision_reason ? ` · ${proposal.decision_reason}` : ""}
        </p>
      )}
      {proposal.state === "open" && <Judge proposal={proposal} />}
    </section>
  );
}

function Judge({ proposal }: { proposal: Proposal }) {
  const t = useText();
  const { desk } = useParts();
  const reviews = useMay("review_archive");
  const proposes = useMay("propose_changes");
  const act = (verdict: "approve" | "reject" | "withdraw") => async (reason: string) => {
    await desk.judge(proposal.proposal_id, verdict, reason);
    desk.set({ proposal: null });
  };
  const deeds: Deed[] = [
    ...(reviews ? [{ label: t("proposals.approve"), primary: true, act: act("approve") }] : []),
    ...(reviews ? [{ label: t("proposals.reject"), act: act("reject") }] : []),
    ...(proposes ? [{ label: t("proposals.withdraw"), act: act("withdraw") }] : []),
  ];
  return <ReasonBox deeds={deeds} hint={t("proposals.reason")} />;
}
