import "./alarmDesk.css";
import { Checkbox, Input, InputNumber, Select } from "antd";
import { useState } from "react";
import * as requests from "../api/alarmDesk";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import { formatValue } from "../units";
import { Panel } from "./Panel";
import { useMay } from "./permissions";
import { ReasonBox } from "./ReasonBox";
import { RemoteNote } from "./RemoteNote";
import { useAnswer } from "./useAnswer";

/** Every alarm rule with its limit, and an editor for those who may. */
export default function AlarmRulesPanel() {
  const t = useText();
  const { desk } = useParts();
  const lang = useApp((state) => state.view.lang);
  const city = useApp((state) => state.view.city ?? 1);
  const chosen = useApp((state) => state.view.work.rule);
  const may = useMay("edit_alarm_rules");
  const [text, setText] = useState("");
  const found = useAnswer("alarm rules", () => requests.alarmRules({ city }));
  const rules = arrived(found)?.items ?? [];
  const name = (rule: requests.AlarmRule) => (lang === "zh" ? rule.name_zh : rule.name_en);
  const shown = rules.filter((rule) => `${name(rule)} ${rule.code}`.includes(text.trim()));
  return (
    <Panel
      title={t("alarm-rules.title")}
      className="work-panel desk-panel"
      extra={<span className="count">{shown.length}</span>}
    >
      <Input
        size="small"
        allowClear
        aria-label={t("alarm-rules.search")}
        placeholder={t("alarm-rules.search")}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <RemoteNote remote={found} />
      <ul className="rows" aria-label={t("alarm-rules.title")}>
        {shown.map((rule) => (
          <li key={rule.code} className={`row${rule.code === chosen ? " chosen" : ""}`}>
            <button
              type="button"
              className="row-main"
              aria-expanded={rule.code === chosen}
              onClick={() => desk.set({ rule: rule.code === chosen ? null : rule.code })}
            >
              <span className="row-text">
                <strong>{name(rule)}</strong>
                <span className="row-detail">
                  {t("alarm.level", { level: rule.level })} · {limitText(rule)}
                  {!rule.enabled && ` · ${t("alarm-rules.off")}`}
                  {rule.pop_up && ` · ${t("alarm-rules.popUp")}`}
                </span>
              </span>
            </button>
            {rule.code === chosen && <Editor key={rule.version} rule={rule} may={may} />}
          </li>
        ))}
      </ul>
    </Panel>
  );
  function limitText(rule: requests.AlarmRule): string {
    if (rule.by_device) return t("alarm-rules.byDevice");
    const above = rule.above ?? null;
    const value = formatValue(above ?? rule.below ?? 0, rule.unit, lang);
    return above !== null ? t("alarm-rules.above", { value }) : t("alarm-rules.below", { value });
  }
}

function Editor({ rule, may }: { rule: requests.AlarmRule; may: boolean }) {
  const t = useText();
  const { desk } = useParts();
  const city = useApp((state) => state.view.city ?? 1);
  const isAbove = (rule.above ?? null) !== null;
  const [limit, setLimit] = useState((isAbove ? rule.above : rule.below) ?? 0);
  const [draft, setDraft] = useState({
    deadband: rule.deadband,
    level: rule.level,
    on_delay_s: rule.on_delay_s,
    enabled: rule.enabled,
    pop_up: rule.pop_up,
    upstream_healthy: rule.upstream_healthy,
    advice: rule.advice,
  });
  const set = (patch: Partial<typeof draft>) => setDraft({ ...draft, ...patch });
  async function save(note: string): Promise<void> {
    const { code, unit: _unit, version: _version, changed_by: _by, changed_at: _at, ...known } = rule;
    const side = isAbove ? { above: limit } : { below: limit };
    await requests.writeRule({ city }, code, { ...known, ...side, ...draft, note });
    desk.changed();
  }
  return (
    <div className="desk-form">
      <span className="note">{t("alarm-rules.version", { version: rule.version })}</span>
      {!rule.by_device && (
        <div>
          {t("alarm-rules.limit")}
          <InputNumber
            aria-label={t("alarm-rules.limit")}
            size="small"
            disabled={!may}
            value={limit}
            onChange={(next) => setLimit(next ?? limit)}
          />
        </div>
      )}
      <div>
        {t("alarm-rules.deadband")}
        <InputNumber
          aria-label={t("alarm-rules.deadband")}
          size="small"
          disabled={!may}
          min={0}
          value={draft.deadband}
          onChange={(next) => set({ deadband: next ?? 0 })}
        />
      </div>
      <div>
        {t("alarm-rules.level")}
        <Select
          aria-label={t("alarm-rules.level")}
          size="small"
          disabled={!may}
          value={draft.level}
          options={[1, 2, 3].map((level) => ({ value: level, label: t("alarm.level", { level }) }))}
          onChange={(level: number) => set({ level })}
        />
      </div>
      <div>
        {t("alarm-rules.delay")}
        <InputNumber
          aria-label={t("alarm-rules.delay")}
          size="small"
          disabled={!may}
          min={0}
          max={86_400}
          value={draft.on_delay_s}
          onChange={(next) => set({ on_delay_s: next ?? 0 })}
        />
      </div>
      <div>
        {t("alarm-rules.advice")}
        <Input.TextArea
          aria-label={t("alarm-rules.advice")}
          autoSize
          disabled={!may}
          maxLength={1000}
          value={draft.advice}
          onChange={(event) => set({ advice: event.target.value })}
        />
      </div>
      <Checkbox disabled={!may} checked={draft.enabled} onChange={(event) => set({ enabled: event.target.checked })}>
        {t("alarm-rules.enabled")}
      </Checkbox>
      <Checkbox disabled={!may} checked={draft.pop_up} onChange={(event) => set({ pop_up: event.target.checked })}>
        {t("alarm-rules.popUp")}
      </Checkbox>
      <Checkbox
        disabled={!may}
        checked={draft.upstream_healthy}
        onChange={(event) => set({ upstream_healthy: event.target.checked })}
      >
        {t("alarm-rules.upstream")}
      </Checkbox>
      {may && <ReasonBox deeds={[{ label: t("alarm-rules.save"), primary: true, act: save }]} />}
    </div>
  );
}
