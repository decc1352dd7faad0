import { Button, InputNumber, Progress, Select } from "antd";
import { useEffect, useRef, useState } from "react";
import { useText } from "../i18n/hooks";
import { currentCity } from "../state/app";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import { formatNumber, formatShare, formatTime, formatValue } from "../units";
import { Panel } from "./Panel";
import { PickList } from "./PickList";
import { PressureLineChart } from "./PressureLineChart";
import { useMay } from "./permissions";
import { useAsset, useMarks, usePicks, useVisit } from "./planning";
import { RemoteNote } from "./RemoteNote";
import { Subject } from "./Subject";
import { useAnswer } from "./useAnswer";
import { Versions } from "./Versions";
import {
  figureRows,
  isOver,
  questionOf,
  readLeaks,
  type WhatIf,
  type WhatIfBody,
  type WhatIfResult,
  whatIfMarks,
  writeLeaks,
  type Zone,
  type ZoneLine,
  type Zones,
} from "./whatIf";

const LOOK_MS = 700;
const FIRST = 12;

/** What would happen to one zone's pressures: valves, pumps, sources, a leak, the weather. */
export default function WhatIfPanel() {
  const t = useText();
  const { desk } = useParts();
  const work = useApp((state) => state.view.work);
  const chosen = useApp((state) => state.view.selected !== null);
  const may = useMay("plan");
  const question = questionOf(work);
  const job = useJob(work.job);
  const busy = job !== null && !isOver(job.state);
  return (
    <Panel title={t("whatif.title")} className="work-panel tool-panel whatif-panel">
      {chosen && <Subject />}
      <ZoneChoice />
      <Changes />
      {may ? <Run question={question} busy={busy} /> : <p className="note">{t("whatif.notAllowed")}</p>}
      {job !== null && <Running job={job} />}
      {job?.result != null && <Result result={job.result} onClear={() => desk.set({ job: null })} />}
      {job === null && <PresentLine />}
    </Panel>
  );
}

function ZoneChoice() {
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

function Changes() {
  const t = useText();
  const { desk } = useParts();
  const outdoor = useApp((state) => state.view.work.outdoor);
  const close = usePicks("close", ["valve"]);
  const open = usePicks("open", ["valve"]);
  const pumps = usePicks("stop_pumps", ["relay_pump_station"]);
  const sources = usePicks("stop_sources", ["plant", "boiler_house"]);
  return (
    <>
      <PickList label={t("whatif.close")} picks={close} hint={t("whatif.pickValves")} />
      <PickList label={t("whatif.open")} picks={open} hint={t("whatif.pickValves")} />
      <PickList label={t("whatif.stopPumps")} picks={pumps} hint={t("whatif.pickPumps")} />
      <PickList label={t("whatif.stopSources")} picks={sources} hint={t("whatif.pickSources")} />
      <Leaks />
      <label className="whatif-outdoor" htmlFor="whatif-outdoor">
        {t("whatif.outdoor")}{" "}
        <InputNumber
          id="whatif-outdoor"
          size="small"
          min={-60}
          max={15}
          value={outdoor === undefined ? null : Number(outdoor)}
          placeholder={t("whatif.design")}
          onChange={(value) => desk.set({ outdoor: value === null ? null : String(value) })}
        />{" "}
        °C
      </label>
    </>
  );
}

/** A leak in the middle of the selected pipe. */
function Leaks() {
  const t = useText();
  const { desk } = useParts();
  const text = useApp((state) => state.view.work.leak);
  const asset = useApp((state) => arrived(state.asset));
  const [flow, setFlow] = useState(5);
  const leaks = readLeaks(text);
  const set = (next: typeof leaks) => desk.set({ leak: writeLeaks(next) });
  return (
    <section className="pick-list" aria-label={t("whatif.leak")}>
      <header>
        <h3>
          {t("whatif.leak")} <span className="count">{leaks.length}</span>
        </h3>
        <InputNumber
          size="small"
          min={0.1}
          max={2000}
          value={flow}
          aria-label={t("whatif.leakFlow")}
          suffix="kg/s"
          onChange={(value) => setFlow(value ?? 5)}
        />
        <Button
          size="small"
          disabled={asset?.kind !== "pipe"}
          title={asset?.kind === "pipe" ? undefined : t("whatif.leakHint")}
          onClick={() => {
            if (asset === null) return;
            const others = leaks.filter((leak) => leak.asset_id !== asset.asset_id);
            set([...others, { asset_id: asset.asset_id, kg_per_s: flow }]);
          }}
        >
          {t("whatif.leakHere")}
        </Button>
      </header>
      <ul className="chips">
        {leaks.map((leak) => (
          <LeakChip
            key={leak.asset_id}
            id={leak.asset_id}
            flow={leak.kg_per_s}
            onRemove={() => set(leaks.filter((each) => each.asset_id !== leak.asset_id))}
          />
        ))}
      </ul>
    </section>
  );
}

function LeakChip({ id, flow, onRemove }: { id: number; flow: number; onRemove(): void }) {
  const t = useText();
  const visit = useVisit();
  const asset = arrived(useAsset(id));
  const name = asset === null ? `#${id}` : asset.name || asset.code;
  return (
    <li className="picked">
      <button type="button" onClick={() => visit(id, asset?.position)}>
        {name} {flow} kg/s
      </button>
      <button type="button" aria-label={t("pick.remove", { name })} onClick={onRemove}>
        ✕
      </button>
    </li>
  );
}

function Run({ question, busy }: { question: WhatIfBody | null; busy: boolean }) {
  const t = useText();
  const { desk, planning } = useParts();
  const [trouble, setTrouble] = useState<string | null>(null);
  const run = () => {
    setTrouble(null);
    planning.post<{ job_id: number }>("/whatif", question).then(
      ({ job_id }) => desk.set({ job: String(job_id) }),
      (error: Error) => setTrouble(error.message),
    );
  };
  return (
    <>
      <Button type="primary" block disabled={question === null || busy} onClick={run} data-testid="whatif-run">
        {t("whatif.run")}
      </Button>
      {question === null && <p className="note">{t("whatif.chooseFirst")}</p>}
      {trouble !== null && (
        <p className="trouble" role="alert">
          {trouble}
        </p>
      )}
    </>
  );
}

/** A what-if, asked for again until it is over. */
function useJob(id: string | undefined): WhatIf | null {
  const { planning } = useParts();
  const [job, setJob] = useState<WhatIf | null>(null);
  const parts = useRef(planning);
  useEffect(() => {
    if (id === undefined) {
      setJob(null);
      return;
    }
    let left = false;
    let timer: ReturnType<typeof setTimeout>;
    const look = () =>
      parts.current.get<WhatIf>(`/whatif/${id}`).then(
        (found) => {
          if (left) return;
          setJob(found);
          if (!isOver(found.state)) timer = setTimeout(look, LOOK_MS);
        },
        () => {
          if (!left) timer = setTimeout(look, 5 * LOOK_MS);
        },
      );
    void look();
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, [id]);
  return id === undefined || String(job?.job_id) !== id ? null : job;
}

function Running({ job }: { job: WhatIf }) {
  const t = useText();
  const { planning } = useParts();
  const may = useMay("plan");
  if (job.state === "done") return null;
  if (job.state === "failed" || job.state === "cancelled") {
    return (
      <p className="trouble" role="alert">
        {t(`whatif.${job.state}`)} {job.state === "failed" ? job.error : ""}
      </p>
    );
  }
  return (
    <div className="whatif-running" role="status">
      <Progress percent={Math.round(100 * job.progress)} size="small" />
      <span className="note">{t(job.state === "queued" ? "whatif.queued" : "whatif.running")}</span>
      {may && (
        <Button size="small" onClick={() => void planning.post(`/jobs/${job.job_id}/cancel`, {})}>
          {t("whatif.cancel")}
        </Button>
      )}
    </div>
  );
}

function Result({ result, onClear }: { result: WhatIfResult; onClear(): void }) {
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

function StationName({ id }: { id: number }) {
  const t = useText();
  const visit = useVisit();
  const asset = arrived(useAsset(id));
  const name = asset === null ? `#${id}` : asset.name || asset.code;
  return (
    <p className="note">
      {t("whatif.line.to")}{" "}
      <button type="button" className="link" onClick={() => visit(id, asset?.position)}>
        {name}
      </button>
    </p>
  );
}

/** The pressure line of the last scheduled solve, to the worst station or to the selected one. */
function PresentLine() {
  const t = useText();
  const { planning } = useParts();
  const zone = useApp((state) => state.view.work.zone);
  const selected = useApp((state) => arrived(state.asset));
  const zones = useAnswer<Zones>("zones", () => planning.get<Zones>("/zones"));
  const known = arrived(zones)?.zones.find(({ source_id }) => String(source_id) === zone);
  const [own, setOwn] = useState(false);
  const station = own && selected?.kind === "substation" ? selected.asset_id : null;
  const line = useAnswer<ZoneLine>(zone === undefined || !known?.stations ? null : `line ${zone} ${station}`, () =>
    planning.get<ZoneLine>(`/zones/${zone}/line`, station === null ? {} : { station_id: station }),
  );
  if (zone === undefined || zones.state !== "ready") return null;
  if (!known?.stations) return <p className="note">{t("whatif.line.none")}</p>;
  const found = arrived(line);
  return (
    <section aria-label={t("whatif.line.title")}>
      <h3>{t("whatif.line.title")}</h3>
      <RemoteNote remote={line} />
      {found !== null && (
        <>
          <StationName id={found.station_id} />
          <PressureLineChart points={found.points} />
        </>
      )}
      {selected?.kind === "substation" && (
        <button type="button" className="more" aria-pressed={own} onClick={() => setOwn(!own)}>
          {t(own ? "whatif.line.toWorst" : "whatif.line.toSelected")}
        </button>
      )}
    </section>
  );
}
