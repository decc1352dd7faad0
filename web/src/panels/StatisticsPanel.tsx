import { Segmented, Switch } from "antd";
import { lazy, Suspense, useEffect } from "react";
import type { Lengths } from "../api/records";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { formatNumber, formatValue, MISSING } from "../units";
import { Files, LayerExport } from "./LayerExport";
import { BREAKDOWNS, type Breakdown, bandNames, breakdownOf, type ClassTable, rowLabel, tablesOf } from "./lengths";
import { OwnerFilter } from "./OwnerFilter";
import { Panel } from "./Panel";
import { RemoteNote } from "./RemoteNote";
import { useAnswer } from "./useAnswer";

const LengthChart = lazy(() => import("./LengthChart"));

/** Lengths of the network as table, chart and colours of the map, and what can be taken away as files. */
export function StatisticsPanel() {
  const t = useText();
  const { desk } = useParts();
  const work = useApp((state) => state.view.work);
  const by = breakdownOf(work.by);
  const owner = { area_id: work.area, company_id: work.company };
  const found = useAnswer(JSON.stringify({ by, ...owner }), () => desk.lengths({ by, ...owner }));
  return (
    <Panel title={t("statistics.title")} className="work-panel statistics">
      <Segmented
        block
        size="small"
        aria-label={t("statistics.by")}
        options={BREAKDOWNS.map((value) => ({ value, label: t(`statistics.by.${value}`) }))}
        value={by}
        onChange={(next) => desk.set({ by: next === "class" ? null : next })}
      />
      <div className="filters">
        <OwnerFilter />
      </div>
      <RemoteNote remote={found} />
      {found.state === "ready" && <Answer lengths={found.value} by={by} />}
      <LayerExport />
    </Panel>
  );
}

function Answer({ lengths, by }: { lengths: Lengths; by: Breakdown }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const tables = tablesOf(lengths.rows);
  return (
    <>
      <p className="total">
        {t("statistics.total")} <b>{formatValue(lengths.total, "km", lang, 3)}</b>
        {lengths.without_side_pipes > 0 && (
          <small> {t("statistics.withoutSide", { count: formatNumber(lengths.without_side_pipes, 0, lang) })}</small>
        )}
      </p>
      {lengths.counted_version < lengths.assets_version && <p className="note">{t("contents.behind")}</p>}
      <PaintSwitch lengths={lengths} by={by} />
      <Suspense fallback={null}>
        <LengthChart rows={lengths.rows} by={by} />
      </Suspense>
      {tables.map((table) => (
        <LengthTable key={table.name} table={table} />
      ))}
      <TableExport by={by} />
      <p className="note">{t("statistics.source", { year: lengths.year })}</p>
    </>
  );
}

/** The chosen bands as colours of the pipes, with their legend on the map. */
function PaintSwitch({ lengths, by }: { lengths: Lengths; by: Breakdown }) {
  const t = useText();
  const { store, desk } = useParts();
  const on = useApp((state) => state.view.work.paint !== undefined);
  useEffect(() => {
    const bands = on ? { by, names: bandNames(lengths.rows, by), year: lengths.year } : null;
    store.dispatch({ type: "bands", bands });
    if (on) store.dispatch({ type: "view/layer", layer: "network", on: true });
    return () => store.dispatch({ type: "bands", bands: null });
  }, [store, on, by, lengths]);
  return (
    <label className="switch-line" htmlFor="paint-bands">
      <Switch
        id="paint-bands"
        size="small"
        checked={on}
        aria-label={t("statistics.paint")}
        onChange={(next) => desk.set({ paint: next ? "1" : null })}
      />
      <span>{t("statistics.paint")}</span>
    </label>
  );
}

function LengthTable({ table }: { table: ClassTable }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  return (
    <table className="lengths">
      <thead>
        <tr>
          <th scope="col">{t("statistics.band")}</th>
          <th scope="col" className="number">
            {t("statistics.pipes")}
          </th>
          <th scope="col" className="number">
            km
          </th>
        </tr>
      </thead>
      <tbody>
        {table.rows.map((row) => (
          <tr key={`${row.class} ${row.band}`} className={row.pipes === 0 ? "none" : undefined}>
            <th scope="row">
              {row.no !== null && <small>{row.no} </small>}
              {rowLabel(row, lang)}
            </th>
            <td className="number">{formatNumber(row.pipes, 0, lang)}</td>
            <td className="number">{row.supply_km === null ? MISSING : formatNumber(row.supply_km, 3, lang)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function TableExport({ by }: { by: Breakdown }) {
  const t = useText();
  const work = useApp((state) => state.view.work);
  const query = { by, area_id: work.area, company_id: work.company };
  const files = (["csv", "xlsx"] as const).map((format) => ({
    label: t(`export.${format}`),
    path: "/statistics/lengths",
    query: { ...query, format },
  }));
  return <Files title={t("export.table")} files={files} />;
}
