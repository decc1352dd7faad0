import { Select } from "antd";
import { useText } from "../i18n/hooks";
import { currentCity } from "../state/app";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import { formatTime, formatValue } from "../units";
import { RemoteNote } from "./RemoteNote";
import { useAnswer } from "./useAnswer";
import type { Zone, Zones } from "./whatIf";

/** The zone that is asked about, with the facts of its last solve. */
export function ZoneChoice() {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const { desk, planning } = useParts();
  const chosen = useApp((state) => state.view.work.zone);
  const zones = useAnswer<Zones>("zones", () => planning.get<Zones>("/zones"));
  const list = arrived(zones)?.zones ?? [];
  const zone = list.find(({ source_id }) => String(source_id) === chosen);
  return (
    <section className="zone-choice" aria-label={t("whatif.zone")}>
      <h3>{t("whatif.zone")}</h3>
      <RemoteNote remote={zones} />
      {arrived(zones) !== null && list.length === 0 && <p className="note">{t("whatif.noZones")}</p>}
      {list.length > 0 && (
        <Select
          size="small"
          showSearch
          optionFilterProp="label"
          placeholder={t("whatif.chooseZone")}
          aria-label={t("whatif.chooseZone")}
          value={chosen ?? null}
          options={list.map((each) => ({ value: String(each.source_id), label: each.name || each.code }))}
          onChange={(value: string) => desk.set({ zone: value, job: null, station: null })}
        />
      )}
      {zone !== undefined && (
        <p className="note">
          {t("whatif.zoneFacts", {
            stations: zone.stations,
            load: formatValue(zone.load_mw, "MW", lang, 0),
            worst: formatValue(zone.worst_differential_mpa, "MPa", lang, 3),
          })}{" "}
          <SolvedAt zone={zone} />
        </p>
      )}
    </section>
  );
}

function SolvedAt({ zone }: { zone: Zone }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const timeZone = useApp((state) => currentCity(state)?.zone ?? "Asia/Shanghai");
  const time = formatTime(Date.parse(zone.solved_at), timeZone, lang);
  return <em>{t(zone.stale ? "whatif.stale" : "whatif.solvedAt", { time })}</em>;
}
