import { Button, Input, Select } from "antd";
import { useId } from "react";
import { useText } from "../i18n/hooks";
import { type LeakAnswer, type LeakCandidate, leakMarks, leakWorth } from "../layers/leaks";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import { formatLength, formatNumber, formatValue } from "../units";
import { Panel } from "./Panel";
import { useMarks, useVisit } from "./planning";
import { RemoteNote } from "./RemoteNote";
import { useAnswer } from "./useAnswer";
import { Versions } from "./Versions";

const LISTED = 30;
/** Pieces of pipe are judged as a whole: no place is known closer. */
const PIECE_M = 50;

/** Where the zone of a source leaks, by the last readings of its stations: ranked pipes and a map of likelihood. */
export default function LeaksPanel() {
  const t = useText();
  const { planning, desk } = useParts();
  const zone = useApp((state) => state.view.work.zone);
  const makeUp = useApp((state) => state.view.work.make_up);
  const id = useId();
  const sources = useAnswer("sources for leaks", () => planning.sourceStates());
  const options = (arrived(sources)?.items ?? [])
    .filter(({ running }) => running)
    .map(({ asset_id, name }) => ({ value: asset_id, label: name || `#${asset_id}` }));
  return (
    <Panel title={t("leaks.title")} className="work-panel tool-panel">
      <p className="note">{t("leaks.how")}</p>
      <div className="field">
        <label htmlFor={`${id}-zone`}>{t("leaks.zone")}</label>
        <Select
          id={`${id}-zone`}
          size="small"
          showSearch
          optionFilterProp="label"
          options={options}
          value={zone === undefined ? null : Number(zone)}
          placeholder={t("leaks.choose")}
          onChange={(next) => desk.set({ zone: String(next), candidate: null })}
        />
      </div>
      <MakeUp key={makeUp} value={makeUp ?? ""} onChange={(next) => desk.set({ make_up: next, candidate: null })} />
      {sources.state === "failed" && <RemoteNote remote={sources} />}
      {zone !== undefined && <Found zone={Number(zone)} makeUp={makeUp} />}
    </Panel>
  );
}

/** The flow that is made up for the leak, told with Enter or the button; what is no number is not sent. */
function MakeUp({ value, onChange }: { value: string; onChange: (next: string | null) => void }) {
  const t = useText();
  const id = useId();
  return (
    <form
      className="field"
      onSubmit={(event) => {
        event.preventDefault();
        const text = String(new FormData(event.currentTarget).get("make_up") ?? "");
        onChange(Number(text) > 0 ? String(Number(text)) : null);
      }}
    >
      <label htmlFor={id}>{t("leaks.makeUp")}</label>
      <Input id={id} name="make_up" size="small" type="number" min={0} step="any" defaultValue={value} suffix="kg/s" />
      <Button size="small" htmlType="submit">
        {t("leaks.run")}
      </Button>
    </form>
  );
}

function Found({ zone, makeUp }: { zone: number; makeUp: string | undefined }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const { planning } = useParts();
  const body = { source_id: zone, ...(makeUp === undefined ? {} : { make_up_kg_per_s: Number(makeUp) }) };
  const found = useAnswer(`leaks ${zone} ${makeUp ?? ""}`, () => planning.post<LeakAnswer>("/leaks/locate", body));
  const answer = arrived(found);
  useMarks(
    `leaks ${zone} ${makeUp ?? ""} ${answer?.network_version ?? ""} ${lang}`,
    () =>
      answer === null
        ? null
        : leakMarks(answer, t("leaks.place"), (percent) =>
            percent === 0 ? t("leaks.rest") : t("leaks.band", { percent }),
          ),
    answer === null ? null : `leaks ${zone}`,
  );
  if (answer === null) return <RemoteNote remote={found} />;
  return (
    <>
      <Worth answer={answer} assumed={makeUp === undefined} />
      <ol className="rows" aria-label={t("leaks.candidates")}>
        {answer.candidates.slice(0, LISTED).map((candidate) => (
          <Row key={candidate.pipe_id} candidate={candidate} />
        ))}
      </ol>
      <Versions network={answer.network_version} valve={answer.valve_version} methods={[answer.method]} />
    </>
  );
}

/** What the answer is worth: how wide one has to look, on what it rests, and what speaks against it. */
function Worth({ answer, assumed }: { answer: LeakAnswer; assumed: boolean }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const worth = leakWorth(answer);
  return (
    <section className={`worth is-${worth}`} aria-label={t("worth.title")}>
      <strong>{t(`leaks.worth.${worth}`)}</strong>
      <p className="note">
        {t("leaks.within", {
          radius: formatLength(Math.max(answer.within_m, PIECE_M), lang),
          stations: answer.stations,
        })}
      </p>
      <p className="note">
        {t("leaks.residual", { residual: formatValue(answer.residual_mpa, "MPa", lang, 4) })}{" "}
        {t(assumed ? "leaks.assumed" : "leaks.told", { flow: formatValue(answer.make_up_kg_per_s, "kg/s", lang, 1) })}
      </p>
      {answer.problems.map((problem) => (
        <p key={problem} className="failed">
          {problem}
        </p>
      ))}
    </section>
  );
}

function Row({ candidate }: { candidate: LeakCandidate }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const selected = useApp((state) => state.view.selected === candidate.pipe_id);
  const visit = useVisit();
  return (
    <li className={`row${selected ? " chosen" : ""}`}>
      <button type="button" className="row-main" onClick={() => visit(candidate.pipe_id, candidate.position)}>
        <span className="row-text">
          <strong>
            {formatNumber(100 * candidate.likelihood, 1, lang)} % · #{candidate.pipe_id}
          </strong>
          <span className="row-detail">
            {t(candidate.side === 2 ? "side.return" : "side.supply")} · {formatNumber(candidate.leak_kg_per_s, 1, lang)}{" "}
            kg/s
          </span>
        </span>
      </button>
    </li>
  );
}
