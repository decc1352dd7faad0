import { useState } from "react";
import { useText } from "../i18n/hooks";
import { useApp } from "../state/context";
import { formatNumber, formatShare, formatValue } from "../units";
import { StationName } from "./PresentLine";
import { PressureLineChart } from "./PressureLineChart";
import { useMarks, useVisit } from "./planning";
import { Versions } from "./Versions";
import { figureRows, type WhatIfResult, whatIfMarks } from "./whatIf";

const FIRST = 12;

/** What the solve found, beside the present. */
export function WhatIfAnswer({ result, onClear }: { result: WhatIfResult; onClear(): void }) {
  const t = useText();
  const names = {
    off: t("whatif.off"),
    short: t("whatif.short"),
    turned: t("whatif.turned"),
    line: t("whatif.line.way"),
  };
  useMarks(`whatif ${result.solved_at}`, () => whatIfMarks(result, names), result.solved_at);
  return (
    <div className="whatif-result" data-testid="whatif-result">
      <Compared result={result} />
      <p className={result.agrees ? "note" : "trouble"}>
        {t(result.agrees ? "whatif.agrees" : "whatif.differs", { count: result.topology_off.length })}
      </p>
      <Problems result={result} />
      <Stations result={result} />
      {result.pressure_line !== null && (
        <section aria-label={t("whatif.line.title")}>
          <h3>{t("whatif.line.title")}</h3>
          <StationName id={result.pressure_line.station_id} />
          <PressureLineChart points={result.pressure_line.points} before={result.pressure_line_before?.points ?? []} />
        </section>
      )}
      {result.outside_scope > 0 && <p className="note">{t("impact.outside", { count: result.outside_scope })}</p>}
      <button type="button" className="more" onClick={onClear}>
        {t("whatif.clear")}
      </button>
      <Versions network={result.network_version} valve={result.valve_version} methods={[]} />
    </div>
  );
}

function Compared({ result }: { result: WhatIfResult }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const text = (value: number | null, unit: string, digits: number) =>
    unit === "" ? formatNumber(value, digits, lang) : formatValue(value, unit, lang, digits);
  return (
    <table className="whatif-figures">
      <thead>
        <tr>
          <th />
          <th>{t("whatif.before")}</th>
          <th>{t("whatif.after")}</th>
        </tr>
      </thead>
      <tbody>
        {figureRows(result.before, result.after).map((row) => (
          <tr key={row.name} className={row.before === row.after ? "" : "changed"}>
            <th scope="row">{t(`whatif.figure.${row.name}`)}</th>
            <td>{text(row.before, row.unit, row.digits)}</td>
            <td>{text(row.after, row.unit, row.digits)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const KNOWN_RULES = [
  "no_station",
  "one_sided_station",
  "not_converged",
  "not_a_number",
  "mass_balance",
  "differential_too_small",
  "pressure_too_high",
  "boiling",
  "return_too_low",
  "source_overloaded",
  "source_backwards",
  "short_of_flow",
  "too_fast",
  "leak_without_pressure",
  "make_up_too_large",
  "colder_than_design",
  "temperatures_not_converged",
  "temperature_impossible",
  "heat_balance",
  "disagrees_with_topology",
] as const;
type Rule = (typeof KNOWN_RULES)[number];

function Problems({ result }: { result: WhatIfResult }) {
  const t = useText();
  const before = new Set(result.problems_before.map(({ rule }) => rule));
  if (result.problems.length === 0) return <p className="note">{t("whatif.noProblems")}</p>;
  return (
    <section aria-label={t("whatif.problems")}>
      <h3>{t("whatif.problems")}</h3>
      <ul className="whatif-problems">
        {result.problems.map((problem) => (
          <li key={`${problem.rule} ${problem.message}`} title={problem.message}>
            {KNOWN_RULES.includes(problem.rule as Rule) ? t(`whatif.rule.${problem.rule as Rule}`) : problem.message}{" "}
            <span className="count">{problem.assets}</span>
            {before.has(problem.rule) && <em> {t("whatif.already")}</em>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Stations({ result }: { result: WhatIfResult }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const visit = useVisit();
  const [all, setAll] = useState(false);
  const short = all ? result.short_stations : result.short_stations.slice(0, FIRST);
  if (result.short_stations.length === 0) return null;
  return (
    <section aria-label={t("whatif.short")}>
      <h3>
        {t("whatif.short")} <span className="count">{result.short_stations.length}</span>
      </h3>
      <ul className="chips" data-testid="whatif-short">
        {short.map((station) => (
          <li key={station.asset_id}>
            <button type="button" onClick={() => visit(station.asset_id, station.position)}>
              {station.name || `#${station.asset_id}`} {formatShare(station.flow_share, lang)}
            </button>
          </li>
        ))}
        {!all && result.short_stations.length > FIRST && (
          <li>
            <button type="button" className="more" onClick={() => setAll(true)}>
              {t("app.more", { count: result.short_stations.length - FIRST })}
            </button>
          </li>
        )}
      </ul>
    </section>
  );
}
