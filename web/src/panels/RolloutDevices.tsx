import type { LiveArea, VillageDevices } from "../api/rolloutLive";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { formatNumber, formatShare, formatValue } from "../units";
import { RemoteNote } from "./RemoteNote";
import { useAnswer } from "./useAnswer";
import { usePolled } from "./usePolled";

const LOOK_MS = 15_000;
const BELOW = { city: "district", district: "township", township: "village", zone: null, village: null } as const;

/** Devices in use, rooms and load of an area, and of the areas below it; of a village its devices. */
export function DevicesPart() {
  const { desk } = useParts();
  const id = Number(useApp((state) => state.view.work.area ?? 0));
  const own = usePolled(`rollout live ${id}`, LOOK_MS, () => desk.rolloutLive({ area: id }));
  const area = own.state === "ready" ? own.value.items[0] : undefined;
  return (
    <>
      <RemoteNote remote={own} />
      {area !== undefined && own.state === "ready" && <AreaFigures area={area} limit={own.value.limit_degc} />}
      {area !== undefined && BELOW[area.kind] !== null && <Below area={area} />}
      {area?.kind === "village" && <Devices village={area.area_id} />}
    </>
  );
}

function AreaFigures({ area, limit }: { area: LiveArea; limit: number }) {
  const t = useText();
  const { desk } = useParts();
  const lang = useApp((state) => state.view.lang);
  const degrees = (value: number | null) => formatValue(value, "℃", lang, 1);
  const rows: [string, string][] = [
    [t("rollout-live.connected"), formatNumber(area.connected_count, 0, lang)],
    [t("rollout-live.inUse"), formatNumber(area.in_use_count, 0, lang)],
    [t("rollout-live.useRate"), formatShare(area.use_rate, lang)],
    [t("rollout-live.seasonUse"), formatShare(area.season_use_rate, lang)],
    [t("rollout-live.room"), degrees(area.mean_room_temperature_degc)],
    [t("rollout-live.roomInUse"), degrees(area.mean_room_temperature_in_use_degc)],
    [t("rollout-live.guarantee", { limit: String(limit) }), formatShare(area.room_temperature_guarantee_rate, lang)],
    [t("rollout-live.online"), formatShare(area.online_rate, lang)],
    [t("rollout-live.damage"), formatShare(area.damage_rate, lang)],
    [t("rollout-live.load"), formatValue(area.live_load_mw, "MW", lang, 2)],
  ];
  return (
    <section aria-label={area.kind === "city" ? t("rollout-live.city") : area.name}>
      <h4>
        {area.kind === "city" ? t("rollout-live.city") : area.name}
        {area.kind !== "city" && (
          <button
            type="button"
            className="link"
            onClick={() => desk.set({ area: area.parent_id === null ? null : String(area.parent_id) })}
          >
            {t("rollout-live.back")}
          </button>
        )}
      </h4>
      {area.connected_count === 0 && <p className="empty">{t("rollout-live.none")}</p>}
      <dl className="live-figures">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Below({ area }: { area: LiveArea }) {
  const t = useText();
  const { desk } = useParts();
  const lang = useApp((state) => state.view.lang);
  const kind = BELOW[area.kind];
  const found = usePolled(`rollout live below ${area.area_id}`, LOOK_MS, () =>
    desk.rolloutLive({ kind: kind ?? "district", parent: area.area_id }),
  );
  const items =
    found.state === "ready" ? [...found.value.items].sort((a, b) => (a.use_rate ?? 2) - (b.use_rate ?? 2)) : [];
  return (
    <>
      <RemoteNote remote={found} />
      <table className="live-table">
        <thead>
          <tr>
            <th>{t("rollout-live.noArea")}</th>
            <th>{t("rollout-live.connected")}</th>
            <th>{t("rollout-live.useRate")}</th>
            <th>{t("rollout-live.room")}</th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={item.area_id}>
              <th>
                <button type="button" className="link" onClick={() => desk.set({ area: String(item.area_id) })}>
                  {item.name || item.code}
                </button>
              </th>
              <td>{formatNumber(item.connected_count, 0, lang)}</td>
              <td>{formatShare(item.use_rate, lang)}</td>
              <td>{formatValue(item.mean_room_temperature_degc, "℃", lang, 1)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Devices({ village }: { village: number }) {
  const t = useText();
  const { desk, controller } = useParts();
  const lang = useApp((state) => state.view.lang);
  const found = useAnswer(`rollout devices ${village}`, () => desk.rolloutDevices({ village, limit: 500 }));
  const items: VillageDevices["items"] = found.state === "ready" ? found.value.items : [];
  return (
    <>
      <RemoteNote remote={found} />
      {found.state === "ready" && (
        <p className="count">{t("rollout-live.devices", { count: String(found.value.total) })}</p>
      )}
      <ul className="device-list">
        {items.map((item) => (
          <li key={item.asset_id}>
            <button type="button" onClick={() => controller.select(item.asset_id)}>
              <b>{item.name || item.code}</b>
              <small>{item.device_type}</small>
              <span>{t(deviceState(item))}</span>
              <span>{formatValue(item.room_temperature_degc, "℃", lang, 1)}</span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function deviceState({ online, on }: { online: boolean; on: boolean }) {
  if (!online) return "rollout-live.deviceLost";
  return on ? "rollout-live.deviceOn" : "rollout-live.deviceOff";
}
