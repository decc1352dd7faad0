import { Segmented } from "antd";
import type { QualityAlarm } from "../api/records";
import { useText } from "../i18n/hooks";
import { currentCity } from "../state/app";
import { useApp, useParts } from "../state/context";
import { formatNumber, formatTime } from "../units";
import { RemoteNote } from "./RemoteNote";
import { usePolled } from "./usePolled";

const EVERY_MS = 5_000;
const SHOWN = 100;
const DAYS_SHOWN = 30;
const DAY_MS = 86_400_000;
const GROUPS = ["company", "kind", "day"] as const;

/** Quality alarms: counts of thirty days, and the list; one of a value leads to its work order. */
export function QualityAlarms() {
  const t = useText();
  const { desk } = useParts();
  const work = useApp((state) => state.view.work);
  const lang = useApp((state) => state.view.lang);
  const revision = useApp((state) => state.archiveRevision);
  const by = GROUPS.find((one) => one === work.by) ?? "company";
  const from = new Date(Date.now() - DAYS_SHOWN * DAY_MS).toISOString().slice(0, 10);
  const totals = usePolled(`quality alarm totals ${revision} ${by}`, EVERY_MS, () =>
    desk.qualityAlarmTotals({ by, from }),
  );
  const filter = { company_id: work.company, limit: SHOWN };
  const found = usePolled(`quality alarms ${revision} ${JSON.stringify(filter)}`, EVERY_MS, () =>
    desk.qualityAlarms(filter),
  );
  const number = (value: number) => formatNumber(value, 0, lang);
  return (
    <>
      <Segmented
        block
        size="small"
        aria-label={t("quality.by")}
        options={GROUPS.map((value) => ({ value, label: t(`quality.by.${value}`) }))}
        value={by}
        onChange={(next) => desk.set({ by: next === "company" ? null : next })}
      />
      <RemoteNote remote={totals} />
      {totals.state === "ready" && (
        <ul className="rows quality-alarm-totals" aria-label={t("quality.alarm.totals")}>
          {totals.value.items.map((row) => (
            <li key={row.key} className="row">
              <span className="row-text">
                <strong>{totalName(by, row, t)}</strong>
                <span className="row-detail">
                  {t("quality.alarm.counts", {
                    raised: number(row.raised),
                    unfinished: number(row.raised - row.closed),
                    sent: number(row.sent),
                    false_flags: number(row.false_flags),
                  })}
                </span>
              </span>
            </li>
          ))}
        </ul>
      )}
      <h3>{t("quality.alarms")}</h3>
      <RemoteNote remote={found} />
      {found.state === "ready" && found.value.items.length === 0 && <p className="empty">{t("quality.alarm.none")}</p>}
      <ul className="rows quality-alarms" aria-label={t("quality.alarms")}>
        {found.state === "ready" &&
          found.value.items.map((alarm) => (
            <li key={alarm.quality_alarm_id} className="row">
              <button type="button" className="row-main" onClick={() => desk.set(aimOf(alarm))}>
                <AlarmLine alarm={alarm} />
              </button>
            </li>
          ))}
      </ul>
      {found.state === "ready" && found.value.total > found.value.items.length && (
        <p className="note">{t("quality.more", { total: found.value.total, shown: found.value.items.length })}</p>
      )}
    </>
  );
}

function totalName(by: string, row: { key: string; name: string }, t: ReturnType<typeof useText>): string {
  return by === "day" ? row.key : row.name || t("quality.alarm.nobody");
}

/** Where an alarm leads: of a value to its work order, of an upload to the list of companies. */
function aimOf(alarm: QualityAlarm): Record<string, string | null> {
  if (alarm.check_id === null) return { part: "companies" };
  const state = alarm.state === "closed" ? "closed" : null;
  return { part: "checks", check: String(alarm.check_id), check_state: state, company: null };
}

function AlarmLine({ alarm }: { alarm: QualityAlarm }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "UTC");
  const why = lang === "zh" ? alarm.why_zh : alarm.why_en;
  const state =
    alarm.check_id === null && alarm.state === "closed" ? "quality.alarm.back" : `quality.check.${alarm.state}`;
  const details = [
    t(`quality.alarm.${alarm.kind}`),
    alarm.point.replaceAll("_", " "),
    why,
    alarm.check_id === null ? "" : alarm.company_name,
    formatTime(Date.parse(alarm.raised_at), zone, lang),
  ];
  return (
    <span className="row-text">
      <strong>
        {alarm.asset_name} <em className={alarm.state}>{t(state as Parameters<typeof t>[0])}</em>
      </strong>
      <span className="row-detail">{details.filter(Boolean).join(" · ")}</span>
    </span>
  );
}
