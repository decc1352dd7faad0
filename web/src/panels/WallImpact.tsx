import { useEffect, useRef } from "react";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import { formatArea, formatNumber, formatValue } from "../units";
import { sortAlarms } from "./AlarmPanel";
import { Figure } from "./Figure";
import { Panel } from "./Panel";
import { RemoteNote } from "./RemoteNote";

/**
 * What a wall shows next: an asset that the address asks for stays, one in alarm only until its alarm is over; else the
 * first alarm, else nothing.
 */
export function nextShown(
  shown: number | null,
  before: { followed: number | null; inAlarm: readonly number[] },
  inAlarm: readonly number[],
): number | null {
  const over = shown !== null && before.inAlarm.includes(shown) && !inAlarm.includes(shown);
  const asked = shown !== null && shown !== before.followed && !over;
  return asked ? shown : (inAlarm[0] ?? null);
}

/** Takes the most urgent alarm as selected, because nobody can click on a wall. */
function useFirstAlarm(): void {
  const { controller } = useParts();
  const alarms = useApp((state) => state.alarms);
  const selected = useApp((state) => state.view.selected);
  const before = useRef<{ followed: number | null; inAlarm: readonly number[] }>({ followed: null, inAlarm: [] });
  const city = useApp((state) => state.view.city);
  useEffect(() => {
    if (alarms.state !== "ready" || city === null) return;
    const inAlarm = sortAlarms(alarms.value).map((alarm) => alarm.asset_id);
    const next = nextShown(selected, before.current, inAlarm);
    before.current = { followed: next === selected ? before.current.followed : next, inAlarm };
    if (next === selected) return;
    controller.select(next);
  }, [alarms, selected, city, controller]);
}

/** Who has no heat because of the first or the selected alarm. */
export function WallImpact() {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const asset = useApp((state) => arrived(state.asset));
  const impact = useApp((state) => state.impact);
  useFirstAlarm();
  if (impact.state === "idle") return null;
  const lost = arrived(impact)?.lost;
  return (
    <Panel title={t("impact.title")} className="wall-impact">
      <RemoteNote remote={impact} />
      {asset !== null && <p className="wall-name">{asset.name || asset.code}</p>}
      {lost !== undefined && (
        <dl className="figures">
          <Figure
            label={`${t("impact.lost")} · ${t("impact.buildings")}`}
            value={formatNumber(lost.counts.building ?? 0, 0, lang)}
          />
          <Figure
            label={`${t("impact.lost")} · ${t("impact.users")}`}
            value={formatNumber(lost.heat_user_count, 0, lang)}
          />
          <Figure label={`${t("impact.lost")} · ${t("impact.area")}`} value={formatArea(lost.heated_area_m2, lang)} />
          <Figure
            label={`${t("impact.lost")} · ${t("impact.load")}`}
            value={formatValue(lost.heat_load_mw, "MW", lang)}
          />
        </dl>
      )}
    </Panel>
  );
}
