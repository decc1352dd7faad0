import { Select } from "antd";
import { lazy, Suspense } from "react";
import { useText } from "../i18n/hooks";
import { currentCity } from "../state/app";
import { useApp, useParts } from "../state/context";
import { RemoteNote } from "./RemoteNote";
import { GROUPS, type Group, roomsOption } from "./rolloutCurves";
import { usePolled } from "./usePolled";

const LOOK_MS = 60_000;
const ENERGIES = ["electric", "biomass", "solar"] as const;
const RolloutCurve = lazy(() => import("./RolloutCurve"));

/** Hourly temperatures of retrofitted and other households against outdoors. */
export function RoomsPart() {
  const t = useText();
  const { desk } = useParts();
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "Asia/Shanghai");
  const { energy, day } = useApp((state) => state.view.work);
  const found = usePolled(`rollout rooms ${energy} ${day}`, LOOK_MS, () => desk.rolloutTemperatures({ energy, day }));
  const names = Object.fromEntries(GROUPS.map(([group]) => [group, t(`rollout-live.${group}`)])) as Record<
    Group,
    string
  >;
  const items = found.state === "ready" ? found.value.items : [];
  return (
    <>
      <div className="filters">
        <Select
          size="small"
          allowClear
          aria-label={t("rollout-live.energy")}
          placeholder={t("rollout-live.allEnergies")}
          value={energy ?? null}
          options={ENERGIES.map((value) => ({ value, label: t(`rollout-map.type.${value}`) }))}
          onChange={(value: string | null | undefined) => desk.set({ energy: value ?? null })}
        />
        <input
          type="date"
          aria-label={t("rollout-live.day")}
          value={day ?? (found.state === "ready" ? found.value.day : "")}
          onChange={({ target }) => desk.set({ day: target.value || null })}
        />
      </div>
      <RemoteNote remote={found} />
      {found.state === "ready" && items.length === 0 && <p className="empty">{t("rollout-live.noHours")}</p>}
      {items.length > 0 && (
        <Suspense fallback={<p className="empty">{t("app.loading")}</p>}>
          <RolloutCurve option={roomsOption(items, names, { zone, lang })} label={t("rollout-live.rooms")} />
          <ul className="curve-key">
            {GROUPS.map(([group, colour, type]) => (
              <li key={group}>
                <i style={{ borderTop: `2px ${type} ${colour}` }} aria-hidden="true" />
                {names[group]}
              </li>
            ))}
          </ul>
        </Suspense>
      )}
    </>
  );
}
