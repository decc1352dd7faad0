import "./alarmDesk.css";
import { Button, Select } from "antd";
import { useState } from "react";
import * as requests from "../api/alarmDesk";
import { useText } from "../i18n/hooks";
import type { TextKey } from "../i18n/text";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import type { WorkKey } from "../state/work";
import { formatNumber } from "../units";
import { AlarmRow } from "./AlarmPanel";
import { Panel } from "./Panel";
import { RemoteNote } from "./RemoteNote";
import { useAnswer } from "./useAnswer";
import { usePolled } from "./usePolled";

const EVERY_MS = 5_000;
const PAGE = 50;
const STATES = ["active", "unacknowledged", "shelved", "out_of_service", "cleared", "all"] as const;
const LEVELS = [1, 2, 3] as const;
/** Kinds of assets at which rules ring. */
const KINDS = [
  "plant",
  "boiler_house",
  "substation",
  "isolating_station",
  "relay_pump_station",
  "accumulator",
  "water_tank",
  "gas_station",
  "pressure_point",
  "room_sensor",
] as const;

/** Alarms by state, level, kind, rule and company, with all that can be done with one. */
export default function AlarmDeskPanel() {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const city = useApp((state) => state.view.city ?? 1);
  const work = useApp((state) => state.view.work);
  const openAlarms = useApp((state) => arrived(state.alarms));
  const [pages, setPages] = useState(1);
  const state = STATES.find((one) => one === work.alarm_state) ?? "active";
  const filter = { state, level: work.level, kind: work.kind, rule: work.rule, company: work.company };
  const newest = openAlarms?.map((one) => `${one.alarm_id}${one.acknowledged}${one.shelved_until}`).join() ?? "";
  const key = `alarm desk ${JSON.stringify(filter)} ${pages}`;
  const found = usePolled(`${key} ${newest.length}`, EVERY_MS, () =>
    requests.alarms({ city, ...filter, limit: pages * PAGE }),
  );
  const page = arrived(found);
  return (
    <Panel
      title={t("alarm-desk.title")}
      className="work-panel alarms desk-panel"
      extra={<span className="count">{page === null ? "" : formatNumber(page.total, 0, lang)}</span>}
    >
      <Filter state={state} />
      <RemoteNote remote={found} />
      {page?.items.length === 0 && <p className="empty">{t("alarm.none")}</p>}
      <ul className="rows" aria-label={t("alarm-desk.title")}>
        {page?.items.map((alarm) => (
          <AlarmRow key={alarm.alarm_id} alarm={alarm} readOnly={false} />
        ))}
      </ul>
      {page !== null && page.total > page.items.length && (
        <Button size="small" onClick={() => setPages(pages + 1)}>
          {t("alarm-desk.more", { count: Math.min(PAGE, page.total - page.items.length) })}
        </Button>
      )}
    </Panel>
  );
}

function Filter({ state }: { state: (typeof STATES)[number] }) {
  const t = useText();
  const { controller, desk } = useParts();
  const lang = useApp((state_) => state_.view.lang);
  const city = useApp((state_) => state_.view.city ?? 1);
  const rules = arrived(useAnswer("alarm rules", () => requests.alarmRules({ city })))?.items ?? [];
  const companies = arrived(useAnswer("owners company", () => controller.everyOf("company"))) ?? [];
  return (
    <div className="desk-filter">
      <Select
        size="small"
        aria-label={t("alarm-desk.state")}
        value={state}
        options={STATES.map((value) => ({ value, label: t(`alarm-desk.state.${value}`) }))}
        onChange={(next) => desk.set({ alarm_state: next === "active" ? null : next })}
      />
      <Choice
        name="level"
        label="alarm-desk.level"
        options={LEVELS.map((level) => [String(level), t("alarm.level", { level })])}
      />
      <Choice
        name="rule"
        label="alarm-desk.rule"
        options={rules.map((rule) => [rule.code, lang === "zh" ? rule.name_zh : rule.name_en])}
      />
      <Choice name="kind" label="alarm-desk.kind" options={KINDS.map((kind) => [kind, t(`kind.${kind}`)])} />
      <Choice
        name="company"
        label="alarm-desk.company"
        options={companies.map((one) => [String(one.asset_id), one.name || one.code])}
      />
    </div>
  );
}

function Choice({ name, label, options }: { name: WorkKey; label: TextKey; options: (readonly [string, string])[] }) {
  const t = useText();
  const { desk } = useParts();
  const chosen = useApp((state) => state.view.work[name]);
  return (
    <Select
      size="small"
      allowClear
      showSearch={{ optionFilterProp: "label" }}
      aria-label={t(label)}
      placeholder={t(label)}
      value={chosen}
      options={options.map(([value, text]) => ({ value, label: text }))}
      onChange={(next: string | undefined) => desk.set({ [name]: next ?? null })}
    />
  );
}
