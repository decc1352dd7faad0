import { Button, Input, Select, Switch } from "antd";
import { useState } from "react";
import type { QualityRule, QualityRuleEdit, QualityTrial } from "../api/records";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { formatNumber } from "../units";

const TRIED_DAYS = 7;
const NO_RULE = {
  code: "my_rule",
  kind: "related",
  name_zh: "新规则",
  name_en: "",
  severity: 3,
  schemas: [],
  points: [],
  parameters: { expression: "" },
  enabled: true,
  version: 0,
} as const;

/** A rule being written: its formula or parameters as text, a trial on what is live and on history, and then the rule itself. */
export function RuleEditor({ rule, onDone }: { rule: QualityRule | null; onDone(): void }) {
  const t = useText();
  const { desk } = useParts();
  const selected = useApp((state) => state.view.selected);
  const [edit, setEdit] = useState<QualityRuleEdit>(() => editOf(rule));
  const [text, setText] = useState(() => textOf(edit));
  const [note, setNote] = useState("");
  const [trial, setTrial] = useState<QualityTrial | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const change = (patch: Partial<QualityRuleEdit>) => {
    setEdit({ ...edit, ...patch });
    setTrial(null);
  };
  /** What the server says of a formula stands where the formula is written. */
  async function attempt(act: (rule: QualityRuleEdit) => Promise<void>): Promise<void> {
    setBusy(true);
    setFailure(null);
    try {
      await act({ ...edit, parameters: parametersOf(edit, text), note });
    } catch (error) {
      setTrial(null);
      setFailure(error instanceof SyntaxError ? t("quality.edit.json") : (error as Error).message);
    } finally {
      setBusy(false);
    }
  }
  return (
    <section className="rule-editor" aria-label={t("quality.edit")}>
      <h3>{rule === null ? t("quality.edit.new") : rule.name_zh}</h3>
      {rule === null && (
        <Input
          size="small"
          value={edit.code}
          addonBefore={t("quality.edit.code")}
          aria-label={t("quality.edit.code")}
          onChange={(event) => change({ code: event.target.value })}
        />
      )}
      <Input
        size="small"
        value={edit.name_zh}
        aria-label={t("quality.edit.name")}
        onChange={(event) => change({ name_zh: event.target.value })}
      />
      <Input.TextArea
        autoSize={{ minRows: 2, maxRows: 8 }}
        value={text}
        status={failure === null ? "" : "error"}
        aria-label={t(isFormula(edit) ? "quality.edit.formula" : "quality.edit.parameters")}
        placeholder={t(isFormula(edit) ? "quality.edit.formula" : "quality.edit.parameters")}
        onChange={(event) => {
          setText(event.target.value);
          setTrial(null);
          setFailure(null);
        }}
      />
      {failure !== null && (
        <p className="failed" role="alert">
          {failure}
        </p>
      )}
      <p className="deeds">
        <Select
          size="small"
          value={edit.severity ?? 3}
          aria-label={t("quality.edit.severity")}
          options={[
            { value: 3, label: t("quality.suspect") },
            { value: 4, label: t("quality.fail") },
          ]}
          onChange={(severity) => change({ severity })}
        />
        <Switch
          size="small"
          checked={edit.enabled ?? true}
          checkedChildren={t("quality.edit.on")}
          unCheckedChildren={t("quality.off")}
          aria-label={t("quality.edit.enabled")}
          onChange={(enabled) => change({ enabled })}
        />
        <Button
          size="small"
          loading={busy}
          onClick={() =>
            void attempt(async (written) =>
              setTrial(
                await desk.tryQualityRule({
                  rule: { ...written, enabled: true },
                  assets: selected === null ? [] : [selected],
                  days: TRIED_DAYS,
                }),
              ),
            )
          }
        >
          {t("quality.edit.try")}
        </Button>
      </p>
      {trial !== null && <TrialNote trial={trial} />}
      <Input
        size="small"
        value={note}
        placeholder={t("reason.placeholder")}
        aria-label={t("reason.label")}
        onChange={(event) => setNote(event.target.value)}
      />
      <p className="deeds">
        <Button
          size="small"
          type="primary"
          disabled={busy || note.trim() === ""}
          onClick={() =>
            void attempt(async (written) => {
              await desk.writeQualityRule(written);
              onDone();
            })
          }
        >
          {t("quality.edit.save")}
        </Button>
        <Button size="small" onClick={onDone}>
          {t("reason.cancel")}
        </Button>
      </p>
    </section>
  );
}

function TrialNote({ trial }: { trial: QualityTrial }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const number = (value: number) => formatNumber(value, 0, lang);
  const first = trial.history?.examples[0] ?? trial.now.examples[0];
  return (
    <div className="trial">
      <p>
        {t("quality.edit.now", {
          flagged: number(trial.now.flagged_values),
          values: number(trial.now.values),
          sources: number(trial.now.flagged_sources),
        })}
      </p>
      {trial.history !== null && (
        <p>
          {t("quality.edit.past", {
            flagged: number(trial.history.flagged_values),
            values: number(trial.history.values),
            days: TRIED_DAYS,
          })}
        </p>
      )}
      {trial.history === null && <p className="note">{t("quality.edit.noPast")}</p>}
      {first !== undefined && (
        <p className="note">{`${first.source} · ${lang === "zh" ? first.why_zh : first.why_en}`}</p>
      )}
    </div>
  );
}

function isFormula(rule: Pick<QualityRuleEdit, "kind">): boolean {
  return rule.kind === "related";
}

function editOf(rule: QualityRule | null): QualityRuleEdit {
  if (rule === null) return { ...NO_RULE, schemas: [], points: [], parameters: { expression: "" }, note: "" };
  const { code, kind, name_zh, name_en, severity, enabled, version } = rule;
  const { schemas = [], points = [], parameters = {} } = rule;
  return { code, kind, name_zh, name_en, severity, schemas, points, parameters, enabled, version, note: "" };
}

/** What is written of a rule: its formula, or its parameters as JSON. */
export function textOf(rule: Pick<QualityRuleEdit, "kind" | "parameters">): string {
  if (isFormula(rule)) return String(rule.parameters?.expression ?? "");
  return JSON.stringify(rule.parameters);
}

/** The parameters as they were written; throws where the text is none. */
export function parametersOf(
  rule: Pick<QualityRuleEdit, "kind">,
  text: string,
): NonNullable<QualityRuleEdit["parameters"]> {
  if (isFormula(rule)) return { expression: text.trim() };
  const read: unknown = JSON.parse(text);
  if (typeof read !== "object" || read === null || Array.isArray(read)) throw new SyntaxError("no object");
  return read as NonNullable<QualityRuleEdit["parameters"]>;
}
