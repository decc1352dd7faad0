import "./rollout.css";
import { Select } from "antd";
import { useState } from "react";
import type { components } from "../api/types.gen";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import { formatNumber, MISSING } from "../units";
import { Files } from "./LayerExport";
import { Panel } from "./Panel";
import { useMay } from "./permissions";
import { ReasonBox } from "./ReasonBox";
import { RemoteNote } from "./RemoteNote";
import { useAnswer } from "./useAnswer";

type SheetAnswer = components["schemas"]["SheetAnswer"];
type CellRemark = components["schemas"]["CellRemarkModel"];
interface Tried {
  file: File;
  answer: SheetAnswer;
}

/** Registers with a sheet, the monthly report first. */
const SHEETS = [
  "rollout_report",
  "rollout_target",
  "retrofit_project",
  "household",
  "energy_use",
  "service_ticket",
  "satisfaction_answer",
  "responsible_unit",
  "device_supplier",
];

/** A district's reports: template, filled sheet tried, faults cell by cell, brought in with a reason. */
export default function RolloutReportPanel() {
  const t = useText();
  const { desk, planning } = useParts();
  const lang = useApp((state) => state.view.lang);
  const chosen = useApp((state) => state.view.work.sheet);
  const sheet = SHEETS.find((name) => name === chosen) ?? "rollout_report";
  const may = useMay("edit_archive");
  const found = useAnswer("registers", () =>
    planning.get<{ registers: { kind: string; name_zh: string; name_en: string }[] }>("/registers"),
  );
  const registers = arrived(found)?.registers ?? [];
  const options = SHEETS.flatMap((name) => {
    const one = registers.find((register) => register.kind === name);
    return one === undefined ? [] : [{ value: name, label: lang === "zh" ? one.name_zh : one.name_en }];
  });
  const files = ["xlsx", "csv"].map((form) => ({
    label: form.toUpperCase(),
    path: `/rollout/templates/${sheet}.${form}`,
    query: {},
  }));
  return (
    <Panel title={t("rollout-report.title")} className="work-panel rollout-panel rollout-report">
      <RemoteNote remote={found} />
      <div className="filters">
        <Select
          size="small"
          aria-label={t("rollout-report.register")}
          value={sheet}
          options={options}
          onChange={(next) => desk.set({ sheet: next === "rollout_report" ? null : next })}
        />
      </div>
      <Files title={t("rollout-report.template")} files={files} />
      {may ? <Upload key={sheet} sheet={sheet} /> : <p className="note">{t("rollout-report.may")}</p>}
    </Panel>
  );
}

function Upload({ sheet }: { sheet: string }) {
  const t = useText();
  const { planning } = useParts();
  const [tried, setTried] = useState<Tried | null>(null);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const send = (file: File, query: Record<string, string | boolean>) =>
    planning.send<SheetAnswer>(`/rollout/sheets/${sheet}`, file, query);
  async function choose(file: File): Promise<void> {
    setBusy(true);
    setFailure(null);
    setTried(null);
    try {
      setTried({ file, answer: await send(file, { dry_run: true }) });
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  }
  async function bring(reason: string): Promise<void> {
    if (tried !== null) setTried({ ...tried, answer: await send(tried.file, { dry_run: false, reason }) });
  }
  return (
    <>
      <label className="sheet-file">
        {t("rollout-report.choose")}
        <input
          type="file"
          accept=".xlsx,.csv"
          disabled={busy}
          onChange={(event) => {
            const file = event.target.files?.[0];
            if (file !== undefined) void choose(file);
            // the same file, mended, can be chosen again
            event.target.value = "";
          }}
        />
      </label>
      <p className="note">{t("rollout-report.hint")}</p>
      {busy && <p className="note">{t("rollout-report.checking")}</p>}
      {failure !== null && (
        <p className="failed" role="alert">
          {failure}
        </p>
      )}
      {tried !== null && <Outcome tried={tried} bring={bring} />}
    </>
  );
}

function Outcome({ tried, bring }: { tried: Tried; bring: (reason: string) => Promise<void> }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const { answer, file } = tried;
  const count = (value: number) => formatNumber(value, 0, lang);
  const counts = {
    rows: count(answer.rows),
    new: count(answer.new),
    changed: count(answer.changed),
    unchanged: count(answer.unchanged),
  };
  const sound = answer.error_count === 0;
  const differs = sound && answer.new + answer.changed > 0;
  const said = (): string => {
    if (!sound) return t("rollout-report.faults", { count: count(answer.error_count) });
    if (answer.written) return t("rollout-report.done", { ...counts, change: String(answer.change_id ?? "") });
    if (answer.rows === 0) return t("rollout-report.nothing");
    return t(differs ? "rollout-report.ready" : "rollout-report.same", counts);
  };
  return (
    <section className="sheet-outcome" aria-live="polite">
      <p>
        <b>{file.name}</b>
      </p>
      <p className={sound ? "said" : "failed"}>{said()}</p>
      <Remarks remarks={answer.errors} total={answer.error_count} />
      {differs && <Changes changes={answer.changes} />}
      {differs && !answer.written && (
        <ReasonBox
          hint={t("rollout-report.reason")}
          deeds={[{ label: t("rollout-report.bring"), primary: true, act: bring }]}
        />
      )}
      {answer.note_count > 0 && (
        <details>
          <summary>{t("rollout-report.notes", { count: count(answer.note_count) })}</summary>
          <Remarks remarks={answer.notes} total={answer.note_count} />
        </details>
      )}
    </section>
  );
}

function Remarks({ remarks, total }: { remarks: readonly CellRemark[]; total: number }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  if (remarks.length === 0) return null;
  return (
    <>
      <table className="lengths sheet-remarks">
        <thead>
          <tr>
            {(["row", "column", "value", "what"] as const).map((name) => (
              <th key={name} scope="col">
                {t(`rollout-report.${name}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {remarks.map((one) => (
            <tr key={`${one.row} ${one.column} ${one.rule}`}>
              <th scope="row">{one.row}</th>
              <td>{one.column}</td>
              <td>{one.value === "" ? MISSING : one.value}</td>
              <td>{lang === "zh" ? one.message_zh : one.message_en}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {total > remarks.length && (
        <p className="note">{t("rollout-report.more", { count: formatNumber(total - remarks.length, 0, lang) })}</p>
      )}
    </>
  );
}

function Changes({ changes }: { changes: SheetAnswer["changes"] }) {
  const t = useText();
  return (
    <details open={changes.length <= 5}>
      <summary>{t("rollout-report.changes")}</summary>
      <ul className="rows sheet-changes">
        {changes.map((change) => (
          <li key={change.row}>
            <b>{change.code}</b> <small>{t(`rollout-report.${change.status}`)}</small>
            <dl>
              {change.differences.map((one) => (
                <div key={one.column}>
                  <dt>{one.column}</dt>
                  <dd>
                    {change.status === "changed" && `${shown(one.before)} → `}
                    {shown(one.after)}
                  </dd>
                </div>
              ))}
            </dl>
          </li>
        ))}
      </ul>
    </details>
  );
}

function shown(value: string | number | boolean | null): string {
  return value === null ? MISSING : String(value);
}
