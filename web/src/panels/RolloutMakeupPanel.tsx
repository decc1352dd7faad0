import "./rollout.css";
import { lazy, Suspense } from "react";
import { useText } from "../i18n/hooks";
import { useApp } from "../state/context";
import { arrived } from "../state/remote";
import { formatArea, formatNumber, formatShare } from "../units";
import { Panel } from "./Panel";
import { RemoteNote } from "./RemoteNote";
import { areaId, type Energy, energyShares, ringOf, suppliersOf } from "./rollout";
import { CLEAN_COLOURS, colourOf, ENERGY_COLOURS, pieOption, ringOption, type Slice } from "./rolloutCharts";
import { oneOf, useFigures, useLook, useShares } from "./useRollout";

const RolloutChart = lazy(() => import("./RolloutChart"));
const RING_PX = 280;
const PIE_PX = 150;
const FAULTS = ["heating_quality", "construction_quality", "service", "communication", "device"] as const;

/** What the change consists of: device types, energies, faults, suppliers. */
export default function RolloutMakeupPanel() {
  const t = useText();
  const place = useApp((state) => areaId(state.view.work.place) ?? 0);
  return (
    <Panel title={t("rollout-makeup.title")} className="work-panel rollout-panel">
      <h3>{t("rollout-makeup.ring")}</h3>
      <TypeRing area={place} />
      <h3>{t("rollout-makeup.energies")}</h3>
      <EnergyShares area={place} />
      <h3>{t("rollout-makeup.faults")}</h3>
      <FaultShares area={place} />
      <h3>{t("rollout-makeup.suppliers")}</h3>
      <Suppliers area={place} />
    </Panel>
  );
}

interface ShareProps {
  area: number;
  wall?: boolean;
}

/** Two rings: the three energies, and the device types of each. */
export function TypeRing({ area, wall = false }: ShareProps) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const look = useLook(wall);
  const found = useShares(area, "type");
  const groups = ringOf(arrived(found) ?? []);
  const name = (energy: Energy | null) =>
    energy === null ? t("rollout-makeup.otherType") : t(`rollout-map.type.${energy}`);
  const whole = groups.reduce((sum, { count }) => sum + count, 0);
  if (found.state !== "ready") return <RemoteNote remote={found} />;
  if (groups.length === 0) return <p className="empty">{t("rollout-panels.noHouseholds")}</p>;
  return (
    <>
      <Suspense fallback={null}>
        <RolloutChart
          option={ringOption(
            groups,
            (energy) => (energy === null ? name(null) : t(`rollout-makeup.${energy}`)),
            look,
            wall,
          )}
          label={t("rollout-makeup.ring")}
          heightPx={wall ? 330 : RING_PX}
        />
      </Suspense>
      <Legend
        label={t("rollout-makeup.ring")}
        lines={groups.map(({ energy, count }) => ({
          name: name(energy),
          colour: energy === null ? "#64748b" : ENERGY_COLOURS[energy],
          text: `${t("rollout-makeup.households", { count: formatNumber(count, 0, lang) })} · ${formatShare(count / whole, lang)}`,
        }))}
      />
      <ul className="rollout-makeup-types" aria-label={t("rollout-makeup.types")}>
        {groups.flatMap(({ types }) =>
          types.map(({ key, row_count }) => (
            <li key={key}>
              <span>{key}</span>
              <span>{t("rollout-makeup.households", { count: formatNumber(row_count, 0, lang) })}</span>
            </li>
          )),
        )}
      </ul>
    </>
  );
}

/** Clean area by energy: value and share. */
export function EnergyShares({ area, wall = false }: ShareProps) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const look = useLook(wall);
  const found = useFigures({ area });
  const figures = oneOf(found)?.figures;
  if (found.state !== "ready") return <RemoteNote remote={found} />;
  if (figures === undefined) return <p className="empty">{t("rollout-panels.notSeen")}</p>;
  const shares = energyShares(figures);
  if (shares.every((one) => one.area === null)) return <p className="empty">{t("rollout-panels.noReports")}</p>;
  const slices: Slice[] = shares.map(({ energy, area: value }) => ({
    name: t(`rollout-map.energy.${energy}`),
    value: value ?? 0,
    colour: CLEAN_COLOURS[energy],
  }));
  return (
    <div className="rollout-pie">
      <Suspense fallback={null}>
        <RolloutChart
          option={pieOption(slices, look)}
          label={t("rollout-makeup.energies")}
          heightPx={wall ? 230 : PIE_PX}
        />
      </Suspense>
      <Legend
        label={t("rollout-makeup.energies")}
        lines={shares.map(({ energy, area: value, share }) => ({
          name: t(`rollout-map.energy.${energy}`),
          colour: CLEAN_COLOURS[energy],
          text: value === null ? t("rollout-panels.none") : `${formatArea(value, lang)} · ${formatShare(share, lang)}`,
        }))}
      />
    </div>
  );
}

/** Faults of the running heating year by kind. */
export function FaultShares({ area, wall = false }: ShareProps) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const look = useLook(wall);
  const found = useShares(area, "fault");
  if (found.state !== "ready") return <RemoteNote remote={found} />;
  const whole = found.value.reduce((sum, { row_count }) => sum + row_count, 0);
  if (found.value.length === 0) return <p className="empty">{t("rollout-panels.noTickets")}</p>;
  const name = (key: string) => {
    const known = FAULTS.find((one) => one === key);
    return known === undefined ? t("rollout-makeup.otherFault") : t(`rollout-makeup.fault.${known}`);
  };
  const slices = found.value.map((part, i) => ({ name: name(part.key), value: part.row_count, colour: colourOf(i) }));
  return (
    <div className="rollout-pie">
      <Suspense fallback={null}>
        <RolloutChart
          option={pieOption(slices, look)}
          label={t("rollout-makeup.faults")}
          heightPx={wall ? 230 : PIE_PX}
        />
      </Suspense>
      <Legend
        label={t("rollout-makeup.faults")}
        lines={found.value.map((part, i) => ({
          name: name(part.key),
          colour: colourOf(i),
          text: t("rollout-makeup.faultRow", {
            count: formatNumber(part.row_count, 0, lang),
            share: whole > 0 ? formatShare(part.row_count / whole, lang) : t("rollout-panels.none"),
            before: formatNumber(part.planned, 0, lang),
          }),
        }))}
      />
    </div>
  );
}

interface LegendLine {
  name: string;
  colour: string;
  text: string;
}

function Legend({ label, lines }: { label: string; lines: readonly LegendLine[] }) {
  return (
    <ul className="rollout-legend" aria-label={label}>
      {lines.map((line) => (
        <li key={line.name}>
          <i style={{ background: line.colour }} aria-hidden="true" />
          <span>{line.name}</span>
          <b>{line.text}</b>
        </li>
      ))}
    </ul>
  );
}

/** Suppliers with their share of the finished households, repairs and mean score. */
export function Suppliers({ area, most }: { area: number; most?: number }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const parts = useShares(area, "supplier");
  const scores = useShares(area, "supplier_score");
  if (parts.state !== "ready") return <RemoteNote remote={parts} />;
  const rows = suppliersOf(parts.value, arrived(scores) ?? []).slice(0, most);
  if (rows.length === 0) return <p className="empty">{t("rollout-panels.noHouseholds")}</p>;
  return (
    <div className="rollout-suppliers">
      <table className="lengths rollout-table" aria-label={t("rollout-makeup.suppliers")}>
        <thead>
          <tr>
            <th scope="col">{t("rollout-makeup.supplier")}</th>
            <th scope="col" className="amount">
              {t("rollout-makeup.householdHead")}
            </th>
            <th scope="col" className="amount">
              {t("rollout-makeup.share")}
            </th>
            <th scope="col" className="amount">
              {t("rollout-makeup.score")}
            </th>
            <th scope="col" className="amount">
              {t("rollout-makeup.repairs")}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.name}>
              <th scope="row">{row.name === "" ? t("rollout-makeup.noSupplier") : row.name}</th>
              <td className="amount">{formatNumber(row.households, 0, lang)}</td>
              <td className="amount">{formatShare(row.share, lang)}</td>
              <td className="amount" title={t("rollout-makeup.answers", { count: row.answers })}>
                {row.score === null ? t("rollout-panels.none") : formatNumber(row.score, 2, lang)}
              </td>
              <td className="amount">
                {row.tickets === null ? t("rollout-panels.none") : formatNumber(row.tickets, 0, lang)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
