import type { RolloutArea, VillageDevice } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { paintOf, ROWS } from "../layers/rolloutThemes";
import { currentCity } from "../state/app";
import { useApp, useParts } from "../state/context";
import { rolloutChoice } from "../state/rolloutMap";
import { attributesOf } from "../state/rolloutValues";
import { STATUS, statusName } from "../state/status";
import { formatNumber, formatShare } from "../units";
import { RegisterList } from "./RegisterList";
import { RemoteNote } from "./RemoteNote";
import { StatusMark } from "./StatusMark";
import { attributeText } from "./themes";
import { useAnswer } from "./useAnswer";

const CITY = 0;
/** Half the side of the window in degrees that shows an area of a kind. */
const REACH_DEG = { city: 1, district: 0.35, zone: 0.12, township: 0.09, village: 0.003 } as const;
/** What lies below an area: its kind, and what of that kind. */
const BELOW = { city: "district", district: "township", zone: null, township: "village", village: null } as const;
const DEVICES = 60;

type Kind = RolloutArea["kind"];

/** Show an area and take the map there. */
function useVisit(): (area: RolloutArea | null) => void {
  const { desk } = useParts();
  const box = useApp((state) => currentCity(state)?.bbox ?? null);
  return (area) => {
    desk.openRollout({ place: area === null || area.area_id === CITY ? null : String(area.area_id) });
    if (area === null || area.kind === "city") {
      if (box !== null) desk.goToBox([box[0], box[1], box[2], box[3]]);
      return;
    }
    const { lon, lat } = area;
    if (lon === null || lat === null) return;
    const reach = REACH_DEG[area.kind];
    desk.goToBox([lon - reach, lat - reach, lon + reach, lat + reach]);
  };
}

/** The city, or the area that was chosen: where it is, its figures, what lies below it down to single devices. */
export function AreaCard({ id }: { id: number | null }) {
  const { desk } = useParts();
  const t = useText();
  const area = useAnswer(`rollout area ${id ?? CITY}`, () => desk.rolloutAreas({ area: id ?? CITY }));
  if (area.state !== "ready") return <RemoteNote remote={area} />;
  const [found] = area.value.items;
  return found === undefined ? <p className="empty">{t("rollout-map.noArea")}</p> : <Card area={found} />;
}

function Card({ area }: { area: RolloutArea }) {
  const t = useText();
  const visit = useVisit();
  const { controller, desk } = useParts();
  const theme = useApp((state) => rolloutChoice(state.view.work).theme);
  const { area_id, kind, outline } = area;
  return (
    <section className="one-object area-card" aria-label={area.name} data-area={area_id}>
      <Crumbs area={area} />
      <h3>
        {area.name} <small>{t(`rollout-map.kind.${kind}`)}</small>
        <button type="button" className="more" onClick={() => visit(area)}>
          {t("rollout-map.onMap")}
        </button>
        <button
          type="button"
          className="more"
          onClick={() => {
            desk.open("rollout-area");
            desk.set({ place: area_id === CITY ? null : String(area_id) });
          }}
        >
          {t("rollout-area.title")}
        </button>
      </h3>
      {outline !== "delivered" && kind !== "city" && <p className="note">{t(`rollout-map.outline.${outline}`)}</p>}
      <Figures id={area_id} />
      {theme === "management" && area_id !== CITY && <Units id={area_id} />}
      {theme === "faults" && <Parts id={area_id} dimension="fault" />}
      {(theme === "implementation" || theme === "type") && <Parts id={area_id} dimension="type" />}
      {BELOW[kind] !== null && <Children area={area} kind={BELOW[kind]} />}
      {kind === "city" && <Children area={area} kind="zone" />}
      {kind === "village" && <Devices id={area_id} />}
      {kind === "village" && <RegisterList asset={{ kind, asset_id: area_id }} />}
      {area_id !== CITY && (
        <button type="button" className="link" onClick={() => controller.select(area_id)}>
          {area.code}
        </button>
      )}
    </section>
  );
}

/** The way from the city down to the area; every step leads back. */
function Crumbs({ area }: { area: RolloutArea }) {
  const t = useText();
  const { desk } = useParts();
  const visit = useVisit();
  const upper = useAnswer("rollout upper areas", async () => {
    const found = await Promise.all(["city", "district", "township"].map((kind) => desk.rolloutAreas({ kind })));
    return found.flatMap(({ items }) => items);
  });
  const known = upper.state === "ready" ? upper.value : [];
  const above: RolloutArea[] = [];
  for (let id = area.parent_id; id !== null; ) {
    const next = known.find((one) => one.area_id === id);
    if (next === undefined) break;
    above.unshift(next);
    id = next.parent_id;
  }
  return (
    <nav className="crumbs" aria-label={t("rollout-map.path")}>
      {above.map((one) => (
        <button key={one.area_id} type="button" className="link" onClick={() => visit(one)}>
          {one.kind === "city" ? t("rollout-map.allDistricts") : one.name} ›
        </button>
      ))}
      <b>{area.kind === "city" ? t("rollout-map.allDistricts") : area.name}</b>
    </nav>
  );
}

/** What the chosen theme asks of an area, at the chosen year. */
function Figures({ id }: { id: number }) {
  const t = useText();
  const { desk } = useParts();
  const lang = useApp((state) => state.view.lang);
  const work = useApp((state) => state.view.work);
  const live = useApp((state) => state.rolloutMap.live);
  const { theme, year } = rolloutChoice(work);
  const found = useAnswer(`rollout figures ${id} ${year ?? 0}`, () =>
    desk.rolloutFigures({ area: id, year: year ?? 0 }),
  );
  if (found.state !== "ready") return <RemoteNote remote={found} />;
  const attributes = attributesOf(found.value.items[0]?.figures ?? {});
  const value = (row: string) => (year === null ? live[row]?.get(id) : undefined) ?? attributes.get(row) ?? null;
  return (
    <dl className="facts" data-testid="area-figures">
      {ROWS[theme].map((row) => (
        <div key={row} data-row={row}>
          <dt>{t(`rollout-map.row.${row}` as "rollout-map.row.type")}</dt>
          <dd>{attributeText(row, value(row), lang, t)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Who is responsible and who builds; persons and phones only for seats that may read them. */
function Units({ id }: { id: number }) {
  const t = useText();
  const { controller } = useParts();
  const found = useAnswer(`rollout units ${id}`, () => controller.rowsOf("responsible_unit", id, 0, 20));
  if (found.state !== "ready" || found.value.items.length === 0) return null;
  return (
    <>
      <h4>{t("rollout-map.units.title")}</h4>
      <ul className="rows">
        {found.value.items.map(({ row_id, attributes }) => (
          <li key={row_id} className="row">
            <span className="row-text">
              <strong>{String(attributes.unit ?? "")}</strong>
              <span className="row-detail">
                {[attributes.unit_level, attributes.unit_role, attributes.person, attributes.phone]
                  .filter((one) => one !== null && one !== undefined && one !== "")
                  .map((one) => unitWord(String(one), t))
                  .join(" · ")}
              </span>
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

const UNIT_WORDS = ["county", "township", "village", "responsible", "construction"] as const;

function unitWord(text: string, t: ReturnType<typeof useText>): string {
  const word = UNIT_WORDS.find((one) => one === text);
  return word === undefined ? text : t(`rollout-map.unit.${word}`);
}

/** What an area's sums are made of, with shares. */
function Parts({ id, dimension }: { id: number; dimension: "type" | "fault" }) {
  const t = useText();
  const { desk } = useParts();
  const lang = useApp((state) => state.view.lang);
  const found = useAnswer(`rollout parts ${dimension} ${id}`, () => desk.rolloutParts({ area: id, dimension }));
  if (found.state !== "ready" || found.value.items.length === 0) return null;
  const whole = found.value.items.reduce((sum, { row_count }) => sum + row_count, 0);
  return (
    <>
      <h4>{t(`rollout-map.parts.${dimension}`)}</h4>
      <dl className="facts">
        {found.value.items.map(({ key, row_count }) => (
          <div key={key}>
            <dt>{dimension === "fault" ? faultWord(key, t) : key}</dt>
            <dd>
              {formatNumber(row_count, 0, lang)} · {formatShare(whole > 0 ? row_count / whole : null, lang)}
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

const FAULTS = ["heating_quality", "construction_quality", "service", "communication", "device"] as const;

function faultWord(key: string, t: ReturnType<typeof useText>): string {
  const fault = FAULTS.find((one) => one === key);
  return fault === undefined ? key : t(`rollout-map.fault.${fault}`);
}

/** The areas below, each with the number that colours it. */
function Children({ area, kind }: { area: RolloutArea; kind: Exclude<Kind, "city"> }) {
  const t = useText();
  const { desk } = useParts();
  const visit = useVisit();
  const lang = useApp((state) => state.view.lang);
  const work = useApp((state) => state.view.work);
  const live = useApp((state) => state.rolloutMap.live);
  const { theme, energy, year } = rolloutChoice(work);
  const parent = kind === "zone" || area.area_id === CITY ? {} : { parent: area.area_id };
  const key = `${area.area_id} ${kind}`;
  const places = useAnswer(`rollout areas below ${key}`, () => desk.rolloutAreas({ kind, ...parent }));
  const figures = useAnswer(`rollout figures below ${key} ${year ?? 0}`, () =>
    desk.rolloutFigures({ kind, ...parent, year: year ?? 0 }),
  );
  if (places.state !== "ready") return <RemoteNote remote={places} />;
  if (places.value.items.length === 0) return null;
  const known = new Map(
    (figures.state === "ready" ? figures.value.items : []).map((one) => [one.area_id, attributesOf(one.figures)]),
  );
  const { attribute } = paintOf(theme, energy);
  const value = (id: number) =>
    (year === null ? live[attribute]?.get(id) : undefined) ?? known.get(id)?.get(attribute) ?? null;
  return (
    <>
      <h4>
        {t(`rollout-map.kind.${kind}`)} <small>{formatNumber(places.value.items.length, 0, lang)}</small>
      </h4>
      <ul className="rows children" data-children={kind}>
        {places.value.items.map((one) => (
          <li key={one.area_id} className="row">
            <button type="button" className="row-main" onClick={() => visit(one)}>
              <span className="row-text child">
                <strong>{one.name || one.code}</strong>
                <b>{attributeText(attribute, value(one.area_id), lang, t)}</b>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

/** The devices of a village: on or off, how warm it is there; a click leads to one. */
function Devices({ id }: { id: number }) {
  const t = useText();
  const { desk } = useParts();
  const lang = useApp((state) => state.view.lang);
  const found = useAnswer(`rollout devices ${id}`, () => desk.villageDevices(id, DEVICES));
  if (found.state !== "ready") return <RemoteNote remote={found} />;
  const { total, items } = found.value;
  if (total === 0) return <p className="empty">{t("rollout-map.noDevices")}</p>;
  return (
    <>
      <h4>
        {t("rollout-map.deviceList")}{" "}
        <small>{t("rollout-map.devicesHere", { count: formatNumber(total, 0, lang) })}</small>
      </h4>
      <ul className="chips devices">
        {items.map((device) => (
          <Device key={device.asset_id} device={device} />
        ))}
        {total > items.length && <li className="note">+{formatNumber(total - items.length, 0, lang)}</li>}
      </ul>
    </>
  );
}

function Device({ device }: { device: VillageDevice }) {
  const t = useText();
  const { controller } = useParts();
  const lang = useApp((state) => state.view.lang);
  const { asset_id, name, code, status, on, online, room_temperature_degc } = device;
  const state = t(on ? "rollout-map.on" : online ? "rollout-map.off" : "rollout-map.offline");
  return (
    <li>
      <button
        type="button"
        title={t(`status.${statusName(status)}`)}
        onClick={() => void controller.visitAsset(asset_id)}
      >
        <StatusMark code={on ? STATUS.normal : online ? STATUS.off : status} /> {name || code} · {state}
        {room_temperature_degc !== null && ` · ${formatNumber(room_temperature_degc, 1, lang)} °C`}
      </button>
    </li>
  );
}
