import type { ReactNode } from "react";
import { useState } from "react";
import type { Cooling, Fault, Hours, Named, Ring, Share } from "../api/planner";
import { useText } from "../i18n/hooks";
import { useApp } from "../state/context";
import { formatArea, formatLength, formatNumber, formatValue, MISSING } from "../units";
import { Figure } from "./Figure";
import { useVisit } from "./planning";

const FIRST = 6;

/** What a list of assets adds up to. */
export function RingFigures({ ring }: { ring: Ring }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const count = (kind: string) => formatNumber(ring.counts[kind] ?? 0, 0, lang);
  return (
    <>
      <dl className="figures">
        <Figure label={t("impact.substations")} value={`${count("substation")} ${t("unit.stations")}`} />
        <Figure label={t("impact.buildings")} value={`${count("building")} ${t("unit.buildings")}`} />
        <Figure label={t("impact.users")} value={`${formatNumber(ring.heat_user_count, 0, lang)} ${t("unit.users")}`} />
        <Figure label={t("impact.area")} value={formatArea(ring.heated_area_m2, lang)} />
        <Figure label={t("impact.load")} value={formatValue(ring.heat_load_mw, "MW", lang)} />
        <Figure label={t("impact.pipes")} value={formatLength(ring.pipe_length_m, lang)} />
      </dl>
      {ring.outside_scope > 0 && <p className="note">{t("impact.outside", { count: ring.outside_scope })}</p>}
    </>
  );
}

/** Whom it concerns: hospitals and schools first, then estates, companies, substations. */
export function Concerned({ ring }: { ring: Ring }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const counted = (shares: readonly Share[]) =>
    shares.map((one) => ({
      ...one,
      name: `${one.name} ${formatNumber(one.buildings, 0, lang)} ${t("unit.buildings")}`,
    }));
  return (
    <>
      <NamedList label={t("ring.hospitals")} items={ring.hospitals} open />
      <NamedList label={t("ring.schools")} items={ring.schools} open />
      <NamedList label={t("ring.estates")} items={counted(ring.estates)} open />
      <NamedList label={t("ring.companies")} items={counted(ring.companies)} />
      <NamedList label={t("impact.substations")} items={ring.substations} />
    </>
  );
}

function NamedList({ label, items, open = false }: { label: string; items: readonly Named[]; open?: boolean }) {
  const t = useText();
  const visit = useVisit();
  const [all, setAll] = useState(false);
  if (items.length === 0) return null;
  return (
    <details className="named" open={open || undefined}>
      <summary>
        {label} <b>{items.length}</b>
      </summary>
      <ul className="chips" aria-label={label}>
        {(all ? items : items.slice(0, FIRST)).map(({ asset_id, name }) => (
          <li key={asset_id}>
            <button type="button" onClick={() => visit(asset_id)}>
              {name}
            </button>
          </li>
        ))}
        {!all && items.length > FIRST && (
          <li>
            <button type="button" className="more" onClick={() => setAll(true)}>
              {t("app.more", { count: items.length - FIRST })}
            </button>
          </li>
        )}
      </ul>
    </details>
  );
}

/** The band of a fault by GB/T 43097 and how long heat may be away. */
export function FaultBand({ fault }: { fault: Fault }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const stopped = fault.stopped_area_hours_m2_h;
  return (
    <dl className="facts fault" aria-label={t("fault.title")}>
      <Line label={t("fault.band")} value={lang === "zh" ? fault.label_zh : fault.label_en} />
      <Line label={t("fault.area")} value={formatArea(fault.affected_area_m2, lang)} />
      {fault.restore_within_h !== null && (
        <Line label={t("fault.restore")} value={formatValue(fault.restore_within_h, "h", lang)} />
      )}
      <Line
        label={t("fault.stopped", { hours: formatNumber(fault.repair_h, 1, lang) })}
        value={`${formatNumber(stopped / 10_000, stopped > 1_000_000 ? 0 : 2, lang)} ${t("unit.areaHours")}`}
      />
    </dl>
  );
}

/** Hours until rooms are at 18 degC and at freezing, with what the model assumes. */
export function CoolingTimes({ cooling }: { cooling: Cooling }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  return (
    <section className="cooling" aria-label={t("cooling.title")}>
      <dl className="facts">
        <Line
          label={t("cooling.outdoor")}
          value={`${formatValue(cooling.outdoor_degc, "degC", lang, 1)} · ${t(`cooling.source.${cooling.outdoor_source}`)}`}
        />
        <Line label={t("cooling.to18")} value={useHours(cooling.to_18_degc_h)} />
        <Line label={t("cooling.to0")} value={useHours(cooling.to_0_degc_h)} />
      </dl>
      <details className="ids">
        <summary>{t("cooling.assumptions")}</summary>
        <ul className="note">
          {cooling.assumptions.map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      </details>
    </section>
  );
}

/** The median, with the least and the most beside it. */
function useHours({ min, median, max }: Hours): string {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  if (median === null) return t("cooling.never");
  const hours = (value: number | null) => (value === null ? MISSING : formatNumber(value, 1, lang));
  return t("cooling.hours", { median: hours(median), min: hours(min), max: hours(max) });
}

export function Line({ label, value }: { label: string; value: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}
