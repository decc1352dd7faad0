import { Segmented, Select } from "antd";
import { useEffect } from "react";
import type { Conversion, Datum, Grid } from "../api/records";
import { useText } from "../i18n/hooks";
import { exaggerationOf, residualFeatures } from "../layers/residuals";
import { currentCity } from "../state/app";
import { useApp, useParts } from "../state/context";
import { overlayOf } from "../state/overlay";
import { formatNumber, formatTime, formatValue, MISSING } from "../units";
import { PagedList } from "./PagedList";
import { Panel } from "./Panel";
import { RemoteNote } from "./RemoteNote";
import { useAnswer } from "./useAnswer";

const PARTS = ["ledger", "registry", "grids"] as const;
const ROW_PX = 134;

/** Where coordinates came from: the ledger of conversions, the registry of datums, grids fitted to control points. */
export function DatumsPanel() {
  const t = useText();
  const { desk } = useParts();
  const wanted = useApp((state) => state.view.work.part);
  const part = PARTS.find((one) => one === wanted) ?? "ledger";
  return (
    <Panel title={t("datums.title")} className="work-panel datums">
      <Segmented
        block
        size="small"
        aria-label={t("datums.title")}
        options={PARTS.map((value) => ({ value, label: t(`datums.${value}`) }))}
        value={part}
        onChange={(next) => desk.set({ part: next === "ledger" ? null : next })}
      />
      {part === "ledger" && <Ledger />}
      {part === "registry" && <Registry />}
      {part === "grids" && <Grids />}
    </Panel>
  );
}

function Ledger() {
  const t = useText();
  const { desk } = useParts();
  return (
    <PagedList<Conversion>
      listKey="ledger"
      label={t("datums.ledger")}
      rowHeight={ROW_PX}
      page={(offset, limit) => desk.conversions({ offset, limit })}
      empty={t("datums.none")}
    >
      {(conversion) => <ConversionRow conversion={conversion} />}
    </PagedList>
  );
}

function ConversionRow({ conversion }: { conversion: Conversion }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "UTC");
  const accuracy = conversion.accuracy_m === null ? MISSING : formatValue(conversion.accuracy_m, "m", lang, 4);
  const trip =
    conversion.round_trip_max_m === null ? MISSING : formatValue(conversion.round_trip_max_m * 1000, "mm", lang, 6);
  return (
    <div className="row conversion" title={`${conversion.evidence}\nsha256 ${conversion.output_sha256}`}>
      <span className="row-text">
        <strong>{conversion.layer}</strong>
        <span className="row-detail clamped">
          <em>{conversion.datum_in}</em> → {conversion.datum_out} · {t("contents.accuracy", { value: accuracy })}
        </span>
        <span className="row-detail clamped">
          {t("datums.vertices", { count: formatNumber(conversion.vertex_count, 0, lang) })} ·{" "}
          {t("datums.roundTrip", { value: trip })}
        </span>
        <span className="row-detail clamped">{conversion.operation}</span>
        <span className="row-detail clamped">
          {t("datums.evidence")} {conversion.evidence || MISSING}
        </span>
        <span className="row-detail">
          {formatTime(Date.parse(conversion.made_at), zone, lang)} · {conversion.seat || MISSING}
        </span>
      </span>
    </div>
  );
}

function Registry() {
  const { desk } = useParts();
  const found = useAnswer("datums", () => desk.datums());
  if (found.state !== "ready") return <RemoteNote remote={found} />;
  return (
    <ul className="rows registry">
      {found.value.datums.map((datum) => (
        <DatumRow key={datum.name} datum={datum} />
      ))}
    </ul>
  );
}

function DatumRow({ datum }: { datum: Datum }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const accuracy = datum.accuracy_m === null ? MISSING : formatValue(datum.accuracy_m, "m", lang, 6);
  return (
    <li className="row conversion">
      <span className="row-text">
        <strong>{datum.name}</strong>
        <span className="row-detail">
          {t(`datums.unit.${datum.unit === "degree" ? "degree" : "metre"}`)} ·{" "}
          {t("contents.accuracy", { value: accuracy })}
        </span>
        <span className="row-detail">{datum.operation}</span>
        <span className="row-detail">{lang === "zh" ? datum.note_zh : datum.note_en}</span>
      </span>
    </li>
  );
}

function Grids() {
  const t = useText();
  const { desk } = useParts();
  const work = useApp((state) => state.view.work);
  const found = useAnswer("grids", () => desk.grids());
  if (found.state !== "ready") return <RemoteNote remote={found} />;
  const { grids } = found.value;
  const grid = grids.find((one) => one.datum === work.grid) ?? grids[0];
  if (grid === undefined) return <p className="empty">{t("datums.noGrids")}</p>;
  return (
    <div className="grid-part">
      {grids.length > 1 && (
        <Select
          size="small"
          aria-label={t("datums.grids")}
          value={grid.datum}
          options={grids.map(({ datum }) => ({ value: datum, label: datum }))}
          onChange={(next: string) => desk.set({ grid: next, times: null })}
        />
      )}
      <OneGrid key={grid.datum} grid={grid} />
    </div>
  );
}

/** Residuals of a fit, as a table and as vectors on the map. */
function OneGrid({ grid }: { grid: Grid }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const work = useApp((state) => state.view.work);
  const { desk } = useParts();
  const fitting = exaggerationOf(grid);
  const times = Number(work.times) > 0 ? Number(work.times) : fitting;
  useEffect(() => {
    const note = `× ${formatNumber(times, 0, lang)}`;
    desk.show({ ...overlayOf(residualFeatures(grid, times)), note }, true);
    return () => desk.clear();
  }, [desk, grid, times, lang]);
  const metres = (value: number) => formatValue(value, "m", lang, 3);
  const mm = (value: number) => formatNumber(value * 1000, 1, lang);
  const choices = [...new Set([fitting / 10, fitting, fitting * 10, times])]
    .filter((one) => one >= 1)
    .sort((a, b) => a - b);
  return (
    <>
      <p>
        <b>{grid.datum}</b> · {grid.model}
      </p>
      <p className="note">
        RMS {metres(grid.rms_m)} · {t("datums.max")} {metres(grid.max_m)} · {t("datums.tolerance")}{" "}
        {metres(grid.tolerance_m)} · {grid.file}
      </p>
      {grid.suspect !== "" && <p className="suspect">{t("datums.suspect", { name: grid.suspect })}</p>}
      <p className="switch-line">
        {t("datums.times")}
        <Select
          size="small"
          aria-label={t("datums.times")}
          value={times}
          options={choices.map((value) => ({ value, label: `× ${formatNumber(value, 0, lang)}` }))}
          onChange={(next: number) => desk.set({ times: String(next) })}
        />
      </p>
      <table className="residuals">
        <thead>
          <tr>
            <th scope="col">{t("datums.point")}</th>
            <th scope="col" className="number">
              dx mm
            </th>
            <th scope="col" className="number">
              dy mm
            </th>
            <th scope="col" className="number" title={t("datums.leftOutHint")}>
              {t("datums.leftOut")}
            </th>
          </tr>
        </thead>
        <tbody>
          {grid.points.map((point) => (
            <tr key={point.name} className={point.name === grid.suspect ? "suspect" : undefined}>
              <th scope="row">
                <button type="button" className="link" onClick={() => desk.goTo(point.position)}>
                  {point.name}
                </button>
              </th>
              <td className="number">{mm(point.dx_m)}</td>
              <td className="number">{mm(point.dy_m)}</td>
              <td className="number">{mm(point.left_out_m)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
