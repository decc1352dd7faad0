import "./alarmDesk.css";
import { InputNumber, Segmented } from "antd";
import { useState } from "react";
import * as requests from "../api/alarmDesk";
import { useText } from "../i18n/hooks";
import { currentCity } from "../state/app";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import { formatAge, formatNumber, formatTime } from "../units";
import { Figure } from "./Figure";
import { Panel } from "./Panel";
import { RemoteNote } from "./RemoteNote";
import { usePolled } from "./usePolled";

const EVERY_MS = 60_000;
const DAY_MS = 86_400_000;
const PERIODS = ["1", "7", "120"] as const;
const MOST_RULES = 20;

/** How many alarms there were and how they were handled, by the bounds of EEMUA 191. */
export default function AlarmKpisPanel() {
  const t = useText();
  const { desk } = useParts();
  const lang = useApp((state) => state.view.lang);
  const city = useApp((state) => state.view.city ?? 1);
  const days = useApp((state) => PERIODS.find((one) => one === state.view.work.days) ?? "1");
  const [operators, setOperators] = useState(1);
  const found = usePolled(`alarm kpis ${days} ${operators}`, EVERY_MS, () =>
    requests.kpis({ city, operators, since: new Date(Date.now() - Number(days) * DAY_MS).toISOString() }),
  );
  const kpis = arrived(found);
  return (
    <Panel title={t("alarm-kpis.title")} className="work-panel desk-panel">
      <Segmented
        block
        size="small"
        aria-label={t("alarm-kpis.period")}
        options={PERIODS.map((value) => ({ value, label: t(`alarm-kpis.period.${value}`) }))}
        value={days}
        onChange={(next) => desk.set({ days: next === "1" ? null : next })}
      />
      <div className="desk-form">
        <div>
          {t("alarm-kpis.operators")}
          <InputNumber
            size="small"
            aria-label={t("alarm-kpis.operators")}
            min={1}
            max={1000}
            value={operators}
            onChange={(next) => setOperators(next ?? 1)}
          />
        </div>
      </div>
      <RemoteNote remote={found} />
      {kpis !== null && (
        <>
          <dl className="figures">
            <Figure label={t("alarm-kpis.rate")} value={formatNumber(kpis.per_operator_10_min, 2, lang)} />
            <Figure label={t("alarm-kpis.raised")} value={formatNumber(kpis.raised, 0, lang)} />
            <Figure label={t("alarm-kpis.most")} value={formatNumber(kpis.most_in_10_min, 0, lang)} />
            <Figure label={t("alarm-kpis.floods")} value={formatNumber(kpis.floods, 0, lang)} />
            <Figure label={t("alarm-kpis.open")} value={formatNumber(kpis.open, 0, lang)} />
            <Figure label={t("alarm-kpis.standing")} value={formatNumber(kpis.standing, 0, lang)} />
            <Figure label={t("alarm-kpis.chattering")} value={formatNumber(kpis.chattering, 0, lang)} />
            <Figure label={t("alarm-kpis.acknowledged")} value={formatNumber(kpis.acknowledged, 0, lang)} />
            <Figure label={t("alarm-kpis.p50")} value={age(kpis.acknowledge_p50_s)} />
            <Figure label={t("alarm-kpis.p90")} value={age(kpis.acknowledge_p90_s)} />
          </dl>
          <p className="note" data-grade={kpis.grade}>
            {t("alarm-kpis.rate")}：{t(`alarm-kpis.grade.${kpis.grade}`)}
          </p>
          <Shares kpis={kpis} />
          <Worst kpis={kpis} />
          <h3>{t("alarm-kpis.rules")}</h3>
          <ul className="rows" aria-label={t("alarm-kpis.rules")}>
            {kpis.rules.slice(0, MOST_RULES).map((rule) => (
              <li key={rule.rule_code} className="row">
                <span className="row-text">
                  <strong>{lang === "zh" ? rule.rule_name_zh : rule.rule_name_en}</strong>
                  <span className="row-detail">
                    {t("alarm-kpis.rule", {
                      raised: rule.raised,
                      judged: rule.judged,
                      rate: rule.false_rate === null ? "—" : `${formatNumber(100 * rule.false_rate, 0, lang)} %`,
                    })}
                  </span>
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </Panel>
  );
  function age(seconds: number | null): string {
    return seconds === null ? "—" : formatAge(Math.round(seconds), lang);
  }
}

function Shares({ kpis }: { kpis: requests.AlarmKpis }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const counts = [
    [1, kpis.level_1],
    [2, kpis.level_2],
    [3, kpis.level_3],
  ] as const;
  return (
    <>
      <h3>{t("alarm-kpis.share")}</h3>
      {counts.map(([level, count]) => {
        const share = kpis.raised === 0 ? 0 : (100 * count) / kpis.raised;
        return (
          <div key={level}>
            {t("alarm.level", { level })} · {formatNumber(share, 0, lang)} %
            <div className="kpi-bar" style={{ width: `${count === 0 ? 0 : Math.max(share, 1)}%` }} />
          </div>
        );
      })}
    </>
  );
}

function Worst({ kpis }: { kpis: requests.AlarmKpis }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "UTC");
  return (
    <>
      <h3>{t("alarm-kpis.worst")}</h3>
      <ul className="rows" aria-label={t("alarm-kpis.worst")}>
        {kpis.windows.slice(0, 5).map((one) => (
          <li key={one.begins_at} className="row">
            <span>{formatTime(Date.parse(one.begins_at), zone, lang)}</span>
            <b>{formatNumber(one.raised, 0, lang)}</b>
          </li>
        ))}
      </ul>
    </>
  );
}
