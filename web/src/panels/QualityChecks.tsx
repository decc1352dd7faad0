import { InputNumber, Select } from "antd";
import { useState } from "react";
import type { QualityCheck, ValueVerdict } from "../api/records";
import { useText } from "../i18n/hooks";
import { currentCity } from "../state/app";
import { useApp, useParts } from "../state/context";
import { formatNumber, formatTime } from "../units";
import { useMay } from "./permissions";
import { type Deed, ReasonBox } from "./ReasonBox";
import { RemoteNote } from "./RemoteNote";
import { usePolled } from "./usePolled";

const EVERY_MS = 15_000;
const SHOWN = 100;
const STATES = ["unfinished", "open", "sent", "answered", "closed"] as const;

/** Values that are to be checked by hand: the queue, and one of them with what can be done. */
export function QualityChecks() {
  const t = useText();
  const { desk, controller } = useParts();
  const work = useApp((state) => state.view.work);
  const revision = useApp((state) => state.archiveRevision);
  const state = STATES.find((one) => one === work.check_state) ?? "unfinished";
  const filter = { state, company_id: work.company, limit: SHOWN };
  const found = usePolled(`checks ${revision} ${JSON.stringify(filter)}`, EVERY_MS, () => desk.qualityChecks(filter));
  const items = found.state === "ready" ? found.value.items : [];
  const chosen = items.find((item) => String(item.check_id) === work.check);
  return (
    <>
      <Select
        size="small"
        className="state-select"
        aria-label={t("quality.check.state")}
        value={state}
        options={STATES.map((value) => ({ value, label: t(`quality.check.${value}`) }))}
        onChange={(next) => desk.set({ check_state: next === "unfinished" ? null : next, check: null })}
      />
      <RemoteNote remote={found} />
      {found.state === "ready" && items.length === 0 && <p className="empty">{t("quality.check.none")}</p>}
      {chosen !== undefined && <OneCheck key={`${chosen.check_id} ${chosen.state}`} check={chosen} />}
      <ul className="rows quality-checks" aria-label={t("quality.checks")}>
        {items.map((check) => (
          <li key={check.check_id} className={`row${check === chosen ? " chosen" : ""}`}>
            <button
              type="button"
              className="row-main"
              onClick={() => {
                desk.set({ check: String(check.check_id), ...(check.point === "" ? {} : { point: check.point }) });
                void controller.visitAsset(check.asset_id);
              }}
            >
              <CheckLine check={check} />
            </button>
          </li>
        ))}
      </ul>
      {found.state === "ready" && found.value.total > items.length && (
        <p className="note">{t("quality.more", { total: found.value.total, shown: items.length })}</p>
      )}
    </>
  );
}

function pointText(check: QualityCheck, frame: string): string {
  return check.point === "" ? frame : check.point.replaceAll("_", " ");
}

function CheckLine({ check }: { check: QualityCheck }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  return (
    <span className="row-text">
      <strong>
        {check.asset_name} <em>{t(`quality.check.${check.state}`)}</em>
      </strong>
      <span className="row-detail">
        {pointText(check, t("quality.check.frame"))} · {lang === "zh" ? check.why_zh : check.why_en}
      </span>
    </span>
  );
}

/** One doubtful value: what it was, what was said of it, and what this seat can do. */
function OneCheck({ check }: { check: QualityCheck }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "UTC");
  const [value, setValue] = useState<number | null>(check.suggested);
  const deeds = useDeeds(check, value);
  const number = (one: number | null) => (one === null ? "—" : formatNumber(one, 3, lang));
  const lines = [
    [t("quality.check.source"), `${check.source} · ${formatTime(check.observed_at, zone, lang)}`],
    [t("quality.check.value"), number(check.value)],
    check.answered_by === null ? null : [t("quality.check.answer"), `${check.answer} · ${check.answered_by}`],
    check.suggested === null ? null : [t("quality.check.suggested"), number(check.suggested)],
    check.verdict === null
      ? null
      : [t("quality.check.verdict"), `${t(`quality.check.${check.verdict}`)} · ${check.note} · ${check.verdict_by}`],
    check.corrected === null ? null : [t("quality.check.corrected"), number(check.corrected)],
  ].filter((line) => line !== null);
  return (
    <section className="one-check" aria-label={t("quality.check.one")}>
      <h3>{check.asset_name}</h3>
      <p>{pointText(check, t("quality.check.frame"))}</p>
      <p className="bad-value">{lang === "zh" ? check.why_zh : check.why_en}</p>
      <dl>
        {lines.map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      {deeds.length > 0 && check.point !== "" && (
        <p className="correction">
          {t("quality.check.corrected")}
          <InputNumber size="small" value={value} onChange={setValue} aria-label={t("quality.check.corrected")} />
        </p>
      )}
      <ReasonBox deeds={deeds} />
    </section>
  );
}

function useDeeds(check: QualityCheck, value: number | null): Deed[] {
  const t = useText();
  const { desk } = useParts();
  const mayJudge = useMay("judge_quality");
  const mayAnswer = useMay("answer_quality");
  const verdict = (name: ValueVerdict): Deed => ({
    label: t(`quality.check.${name}`),
    primary: name === "wrong",
    act: (note) =>
      desk.judgeReading(check.check_id, { verdict: name, note, corrected: name === "wrong" ? value : null }),
  });
  const deeds: Deed[] = [];
  if (mayJudge && check.state !== "closed") deeds.push(verdict("wrong"), verdict("right"), verdict("unsure"));
  if (mayJudge && check.company_id !== null && (check.state === "open" || check.state === "answered"))
    deeds.push({ label: t("quality.check.send"), act: (note) => desk.sendCheck(check.check_id, note) });
  if (mayAnswer && check.state === "sent")
    deeds.push({
      label: t("quality.check.reply"),
      act: (note) => desk.answerCheck(check.check_id, { note, suggested: value }),
    });
  return deeds;
}
