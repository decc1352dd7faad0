import { Segmented } from "antd";
import { lazy, Suspense, useEffect, useRef } from "react";
import type { Air } from "../api/rolloutLive";
import type { Rollout } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { ROLE_STYLES } from "../layers/overlay";
import { currentCity } from "../state/app";
import { useApp, useParts } from "../state/context";
import { drawn, type Overlay, overlayOf, type Role } from "../state/overlay";
import { formatNumber, formatShare } from "../units";
import { RemoteNote } from "./RemoteNote";
import { airOption } from "./rolloutCurves";
import { usePolled } from "./usePolled";

const LOOK_MS = 60_000;
const POLLUTANTS = [
  ["pm25", "PM2.5"],
  ["pm10", "PM10"],
  ["so2", "SO₂"],
  ["no2", "NO₂"],
] as const;
const RolloutCurve = lazy(() => import("./RolloutCurve"));

/** One pollutant by district and zone, on the map and in a list; of one of them the last 24 hours. */
export function AirPart() {
  const t = useText();
  const { desk } = useParts();
  const lang = useApp((state) => state.view.lang);
  const asked = useApp((state) => state.view.work.pollutant);
  const chosen = useApp((state) => state.view.work.area);
  const rollout = useApp((state) => state.rollout);
  const [pollutant, name] = POLLUTANTS.find(([one]) => one === asked) ?? POLLUTANTS[0];
  const found = usePolled(`air ${pollutant}`, LOOK_MS, () => desk.air({ pollutant }));
  const air = found.state === "ready" ? found.value : null;
  const districts = rollout.state === "ready" ? rollout.value : null;
  const fitted = useRef(false);
  useEffect(() => {
    if (air === null || districts === null) return;
    desk.show(airOverlay(air, districts), !fitted.current);
    fitted.current = true;
  }, [air, districts, desk]);
  useEffect(() => () => desk.clear(), [desk]);
  const area = air?.items.find(({ area_id }) => String(area_id) === chosen);
  return (
    <>
      <Segmented
        block
        size="small"
        aria-label={t("rollout-live.pollutant")}
        options={POLLUTANTS.map(([value, label]) => ({ value, label }))}
        value={pollutant}
        onChange={(value) => desk.set({ pollutant: value })}
      />
      <RemoteNote remote={found} />
      <ul className="air-list">
        {air?.items.map((item) => (
          <li key={item.area_id}>
            <button
              type="button"
              aria-pressed={String(item.area_id) === chosen}
              onClick={() => desk.set({ area: String(item.area_id) })}
            >
              <i style={{ background: classColour(item.aqi_class) }} aria-hidden="true" />
              <b>{item.name}</b>
              <span>
                {item.value === null ? t("rollout-live.noAir") : `${formatNumber(item.value, 0, lang)} µg/m³`}
              </span>
              <span>{item.aqi_class === null ? "" : air.classes_zh[item.aqi_class - 1]}</span>
              <small>
                {t("rollout-live.stations", { count: String(item.station_count) })}
                {item.left_out > 0 && ` · ${t("rollout-live.leftOut", { count: String(item.left_out) })}`}
                {item.clean_heating_rate !== null &&
                  ` · ${t("rollout-live.rate", { rate: formatShare(item.clean_heating_rate, lang) })}`}
              </small>
            </button>
          </li>
        ))}
      </ul>
      {area === undefined ? (
        <p className="note">{t("rollout-live.chooseArea")}</p>
      ) : (
        <Hours area={area.area_id} areaName={area.name} pollutant={pollutant} pollutantName={name} />
      )}
    </>
  );
}

interface HoursProps {
  area: number;
  areaName: string;
  pollutant: string;
  pollutantName: string;
}

function Hours({ area, areaName, pollutant, pollutantName }: HoursProps) {
  const t = useText();
  const { desk } = useParts();
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "Asia/Shanghai");
  const found = usePolled(`air ${area} ${pollutant}`, LOOK_MS, () => desk.airHours(area, { pollutant, hours: 24 }));
  const label = t("rollout-live.air", { pollutant: pollutantName, area: areaName });
  return (
    <section aria-label={label}>
      <h4>{label}</h4>
      <RemoteNote remote={found} />
      {found.state === "ready" && found.value.items.length === 0 && <p className="empty">{t("rollout-live.noAir")}</p>}
      {found.state === "ready" && found.value.items.length > 0 && (
        <Suspense fallback={<p className="empty">{t("app.loading")}</p>}>
          <RolloutCurve option={airOption(found.value.items, pollutantName, { zone, lang })} label={label} />
        </Suspense>
      )}
    </section>
  );
}

function classColour(aqiClass: number | null): string {
  return aqiClass === null ? "#64748b" : ROLE_STYLES[`air-${aqiClass}` as Role].colour;
}

/** Districts in the colour of their class; zones lie over districts and stay in the list. */
export function airOverlay(air: Air, districts: Rollout): Overlay {
  return overlayOf(
    ...districts.items.map(({ area_id, geometry, name }) => {
      const found = air.items.find((item) => item.area_id === area_id);
      if (found?.aqi_class == null || found.value === null) return [];
      const role = `air-${found.aqi_class}` as Role;
      const place =
        found.lon === null || found.lat === null ? null : { type: "Point", coordinates: [found.lon, found.lat] };
      return [...drawn(geometry, role), ...drawn(place, role, `${name} ${Math.round(found.value)}`)];
    }),
  );
}
