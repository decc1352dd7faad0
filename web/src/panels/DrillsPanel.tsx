import "./alarmDesk.css";
import { Button, Input, Select } from "antd";
import { useState } from "react";
import * as requests from "../api/alarmDesk";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import { useDrill } from "./DrillBanner";
import { Panel } from "./Panel";
import { useMay } from "./permissions";
import { useAnswer } from "./useAnswer";
import { usePolled } from "./usePolled";

const EVERY_MS = 5_000;
const HOURS = [1, 2, 4, 8, 24];

/** Begin a drill, let alarms ring in it, handle them, end it; nothing of it is real. */
export default function DrillsPanel() {
  const t = useText();
  const drill = arrived(useDrill()) ?? null;
  const may = useMay("run_drills");
  return (
    <Panel title={t("drills.title")} className="work-panel desk-panel">
      <p className="note">{t("drills.notReal")}</p>
      {drill === null ? (
        <>
          <p className="empty">{t("drills.none")}</p>
          {may && <Start />}
        </>
      ) : (
        <Running drill={drill} may={may} />
      )}
    </Panel>
  );
}

function useFailure(): [string | null, (work: Promise<unknown>) => void] {
  const [failure, setFailure] = useState<string | null>(null);
  const { desk } = useParts();
  return [
    failure,
    (work) => {
      setFailure(null);
      work.then(
        () => desk.changed(),
        (error: Error) => setFailure(error.message),
      );
    },
  ];
}

function Start() {
  const t = useText();
  const city = useApp((state) => state.view.city ?? 1);
  const [name, setName] = useState("");
  const [hours, setHours] = useState(1);
  const [failure, run] = useFailure();
  return (
    <div className="desk-form">
      <Input
        size="small"
        maxLength={200}
        aria-label={t("drills.name")}
        placeholder={t("drills.name")}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <Select
        size="small"
        aria-label={t("drills.hours")}
        value={hours}
        onChange={setHours}
        options={HOURS.map((value) => ({ value, label: t("drills.hour", { hours: value }) }))}
      />
      <Button
        size="small"
        type="primary"
        disabled={name.trim() === ""}
        onClick={() => run(requests.startDrill({ city }, name.trim(), hours))}
      >
        {t("drills.start")}
      </Button>
      {failure !== null && (
        <p className="failed" role="alert">
          {failure}
        </p>
      )}
    </div>
  );
}

function Running({ drill, may }: { drill: requests.Drill; may: boolean }) {
  const t = useText();
  const city = useApp((state) => state.view.city ?? 1);
  const lang = useApp((state) => state.view.lang);
  const revision = useApp((state) => state.archiveRevision);
  const selected = useApp((state) => state.view.selected);
  const handle = useMay("acknowledge_alarms");
  const { controller } = useParts();
  const [rule, setRule] = useState<string | undefined>(undefined);
  const [failure, run] = useFailure();
  const found = usePolled(`drill ${drill.drill_id} ${revision}`, EVERY_MS, () =>
    requests.drill({ city }, drill.drill_id),
  );
  const rules = arrived(useAnswer("alarm rules", () => requests.alarmRules({ city })))?.items ?? [];
  const alarms = arrived(found)?.alarms ?? [];
  const id = drill.drill_id;
  return (
    <>
      <p>
        <em className="drill-mark">{t("drills.banner")}</em> <strong>{drill.name}</strong>
      </p>
      {may && (
        <div className="desk-form">
          <p className="note">{selected === null ? t("drills.choose") : t("drills.about", { name: `#${selected}` })}</p>
          <Select
            size="small"
            showSearch={{ optionFilterProp: "label" }}
            aria-label={t("drills.rule")}
            placeholder={t("drills.rule")}
            value={rule}
            onChange={setRule}
            options={rules.map((one) => ({ value: one.code, label: lang === "zh" ? one.name_zh : one.name_en }))}
          />
          <Button
            size="small"
            disabled={selected === null || rule === undefined}
            onClick={() => run(requests.injectAlarm({ city }, id, selected ?? 0, rule ?? ""))}
          >
            {t("drills.inject")}
          </Button>
          <Button size="small" onClick={() => run(requests.endDrill({ city }, id))}>
            {t("drills.end")}
          </Button>
        </div>
      )}
      {failure !== null && (
        <p className="failed" role="alert">
          {failure}
        </p>
      )}
      <ul className="rows" aria-label={t("drills.alarms")}>
        {alarms.map((alarm) => (
          <li key={alarm.drill_alarm_id} className="row">
            <button
              type="button"
              className="row-main"
              onClick={() => controller.visit(alarm.asset_id, alarm.position ?? [0, 0])}
              disabled={alarm.position === null}
            >
              <span className="row-text">
                <strong>
                  <em className="drill-mark">{t("drills.banner")}</em> {alarm.asset_name}
                </strong>
                <span className="row-detail">
                  {t("alarm.level", { level: alarm.level })} · {lang === "zh" ? alarm.rule_name_zh : alarm.rule_name_en}
                  {alarm.acknowledged_at !== null && ` · ${t("drills.acknowledged")}`}
                  {alarm.cleared_at !== null && ` · ${t("drills.cleared")}`}
                </span>
              </span>
            </button>
            {handle && alarm.acknowledged_at === null && (
              <Button
                size="small"
                onClick={() => run(requests.stepDrillAlarm({ city }, id, alarm.drill_alarm_id, "acknowledge"))}
              >
                {t("drills.acknowledge")}
              </Button>
            )}
            {handle && alarm.cleared_at === null && (
              <Button
                size="small"
                onClick={() => run(requests.stepDrillAlarm({ city }, id, alarm.drill_alarm_id, "clear"))}
              >
                {t("drills.clear")}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
