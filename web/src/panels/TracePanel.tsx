import { Button, InputNumber, Segmented } from "antd";
import { QUESTIONS, type Question } from "../api/planner";
import type { Impact } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { COLOURS } from "../layers/palette";
import { useApp, useParts } from "../state/context";
import { repairHours } from "../state/past";
import { LONGEST_REPAIR_H } from "../state/work";
import { formatNumber } from "../units";
import { Panel } from "./Panel";
import { PastBox } from "./PastBox";
import { RemoteNote } from "./RemoteNote";
import { Concerned, CoolingTimes, FaultBand, RingFigures } from "./RingFigures";
import { SandboxBox } from "./SandboxBox";
import { Subject } from "./Subject";
import { TraceAnswer } from "./TraceAnswer";
import { Versions } from "./Versions";

const SETS = ["reach", "lost", "degraded"] as const;
type SetName = (typeof SETS)[number];
const SET_COLOURS: Record<SetName, string> = { reach: "#ffffff", lost: COLOURS.lost, degraded: COLOURS.degraded };

/** What hangs on the selected asset, and every way through the network from it. */
export default function TracePanel() {
  const t = useText();
  const { desk } = useParts();
  const work = useApp((state) => state.view.work);
  const selected = useApp((state) => state.view.selected);
  const question = QUESTIONS.find((one) => one === work.ask) ?? "impact";
  return (
    <Panel title={t("trace.title")} className="work-panel tool-panel trace-panel" extra={<Fit question={question} />}>
      <Subject />
      <fieldset className="tools-row wrapping" aria-label={t("trace.ask")}>
        {QUESTIONS.map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={one === question}
            onClick={() => desk.set({ ask: one === "impact" ? null : one })}
          >
            {t(`trace.ask.${one}`)}
          </button>
        ))}
      </fieldset>
      <PastBox />
      <SandboxBox />
      {selected !== null && (question === "impact" ? <ImpactAnswer /> : <TraceAnswer question={question} />)}
    </Panel>
  );
}

function Fit({ question }: { question: Question }) {
  const t = useText();
  const { controller } = useParts();
  const ready = useApp((state) => state.impact.state === "ready");
  if (question !== "impact" || !ready) return null;
  return (
    <Button size="small" onClick={() => controller.fitImpact()}>
      {t("impact.fit")}
    </Button>
  );
}

/** Reach, lost and degraded: three lists that are never mixed. */
function ImpactAnswer() {
  const t = useText();
  const impact = useApp((state) => state.impact);
  if (impact.state === "idle") return <p className="empty">{t("trace.untraceable")}</p>;
  if (impact.state !== "ready") return <RemoteNote remote={impact} />;
  return <ThreeLists cut={impact.value} />;
}

/** How long the repair takes; left out, as long as the band allows. */
function RepairHours({ within }: { within: number | null }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const hours = useApp((state) => repairHours(state.view));
  const { desk } = useParts();
  const over = within !== null && hours !== null && hours > within;
  return (
    <div className="repair-hours">
      <label htmlFor="repair-hours">
        {t("fault.repair")}{" "}
        <InputNumber
          id="repair-hours"
          size="small"
          min={0}
          max={LONGEST_REPAIR_H}
          step={0.5}
          value={hours}
          placeholder={within === null ? "" : formatNumber(within, 1, lang)}
          suffix="h"
          changeOnWheel={false}
          onChange={(next) => desk.set({ repair_h: next === null ? null : String(next) })}
        />
      </label>
      {over && <p className="short">{t("fault.over", { hours: formatNumber(within, 1, lang) })}</p>}
    </div>
  );
}

function ThreeLists({ cut }: { cut: Impact }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const { desk } = useParts();
  const wanted = useApp((state) => state.view.work.set);
  const first = cut.lost.asset_ids.length > 0 ? "lost" : cut.degraded.asset_ids.length > 0 ? "degraded" : "reach";
  const name = SETS.find((set) => set === wanted) ?? first;
  const options = SETS.map((set) => ({
    value: set,
    label: (
      <span className="set-label" data-testid={`set-${set}`}>
        <i style={{ background: SET_COLOURS[set] }} aria-hidden="true" />
        {t(`impact.${set}`)}{" "}
        <b>
          {/* the English unit is too long for a third of the panel; the figures below carry it */}
          {formatNumber(cut[set].counts.building ?? 0, 0, lang)} {lang === "zh" && t("unit.buildings")}
        </b>
      </span>
    ),
  }));
  return (
    <>
      <Segmented
        block
        size="small"
        options={options}
        value={name}
        onChange={(next) => desk.set({ set: next })}
        aria-label={t("impact.title")}
      />
      <RingFigures ring={cut[name]} />
      <p className="note">{t(`impact.how.${name}`)}</p>
      <FaultBand fault={cut.fault} />
      <RepairHours within={cut.fault.restore_within_h} />
      <CoolingTimes cooling={cut.cooling} />
      <Concerned key={name} ring={cut[name]} />
      <p className="deeds">
        <Button size="small" type="primary" onClick={() => desk.open("isolation")}>
          {t("trace.isolate")}
        </Button>
      </p>
      <Versions
        network={cut.network_version}
        valve={cut.valve_version}
        methods={[cut.methods[name]]}
        findings={cut.findings}
      />
    </>
  );
}
