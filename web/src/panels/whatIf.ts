/** A what-if as it is asked, told and drawn; pure. */

import type { components } from "../api/types.gen";
import { COLOURS } from "../layers/palette";
import { readIds } from "../state/ids";
import { type Marks, marked, markedPoint } from "../state/marks";
import type { Work } from "../state/work";

type Schemas = components["schemas"];
export type WhatIf = Schemas["WhatIfAnswer"];
export type WhatIfResult = Schemas["WhatIfResult"];
export type WhatIfBody = Schemas["WhatIfBody"];
export type StateFigures = Schemas["StateFigures"];
export type Zone = Schemas["ZoneModel"];
export type Zones = Schemas["ZonesAnswer"];
export type ZoneLine = Schemas["LineAnswer"];
export type LinePoint = Schemas["LinePoint"];

export interface LeakWish {
  asset_id: number;
  kg_per_s: number;
}

/** Leaks of an address: `12:5,15:2.5`, pipe and kg/s. */
export function readLeaks(text: string | undefined): LeakWish[] {
  return (text ?? "").split(",").flatMap((pair) => {
    const [id, flow] = pair.split(":");
    const [asset_id] = readIds(id);
    const kg_per_s = Number(flow);
    return asset_id === undefined || !(kg_per_s > 0) ? [] : [{ asset_id, kg_per_s }];
  });
}

export function writeLeaks(leaks: readonly LeakWish[]): string | null {
  return leaks.map(({ asset_id, kg_per_s }) => `${asset_id}:${kg_per_s}`).join(",") || null;
}

/** The question that an address holds; null while neither a zone nor a change is named. */
export function questionOf(work: Work): WhatIfBody | null {
  const [zone] = readIds(work.zone);
  const outdoor = work.outdoor === undefined ? Number.NaN : Number(work.outdoor);
  const lists = {
    close: [...readIds(work.close)],
    open: [...readIds(work.open)],
    stop_pumps: [...readIds(work.stop_pumps)],
    stop_sources: [...readIds(work.stop_sources)],
    leaks: readLeaks(work.leak),
  };
  const changes = Object.values(lists).reduce((sum, list) => sum + list.length, 0);
  if (zone === undefined && changes === 0) return null;
  return {
    ...(zone === undefined ? {} : { source_id: zone }),
    ...lists,
    ...(Number.isFinite(outdoor) ? { outdoor_degc: outdoor } : {}),
  };
}

export function isOver(state: WhatIf["state"]): boolean {
  return state === "done" || state === "failed" || state === "cancelled";
}

export interface FigureRow {
  name:
    | "stations"
    | "short"
    | "served"
    | "worst"
    | "supply"
    | "return"
    | "highest"
    | "power"
    | "leak"
    | "coldest"
    | "fastest";
  unit: string;
  digits: number;
  before: number | null;
  after: number | null;
}

/** The figures that are shown side by side. */
export function figureRows(before: StateFigures, after: StateFigures): FigureRow[] {
  const row = (name: FigureRow["name"], unit: string, digits: number, of: (state: StateFigures) => number | null) => ({
    name,
    unit,
    digits,
    before: of(before),
    after: of(after),
  });
  const power = (state: StateFigures) => state.sources.reduce((sum, source) => sum + (source.power_mw ?? 0), 0);
  return [
    row("stations", "", 0, (state) => state.stations),
    row("short", "", 0, (state) => state.short_stations),
    row("served", "%", 1, (state) => (state.served_share === null ? null : 100 * state.served_share)),
    row("worst", "MPa", 3, (state) => state.least_differential_mpa),
    row("highest", "MPa", 2, (state) => state.highest_supply_mpa),
    row("return", "MPa", 2, (state) => state.lowest_return_mpa),
    row("power", "MW", 1, power),
    row("supply", "degC", 1, (state) => state.supply_degc),
    row("coldest", "degC", 1, (state) => state.coldest_station_degc),
    row("fastest", "m/s", 2, (state) => state.fastest_m_per_s),
    row("leak", "kg/s", 1, (state) => state.leak_kg_per_s),
  ];
}

export const SHORT = "#fb923c";
export const TURNED = "#c084fc";
export const WAY = "#38bdf8";

/** Stations off and short, pipes whose water turned, and the way of the pressure line. */
export function whatIfMarks(result: WhatIfResult, names: Record<"off" | "short" | "turned" | "line", string>): Marks {
  const way = (result.pressure_line?.points ?? []).flatMap(({ position }) => (position === null ? [] : [position]));
  const line = way.length < 2 ? [] : marked({ type: "LineString", coordinates: way }, { colour: WAY, opacity: 0.8 });
  const short = result.short_stations.flatMap(({ asset_id, position, flow_share }) =>
    markedPoint(position, {
      colour: SHORT,
      radius: 6,
      asset_id,
      kind: "substation",
      label: flow_share === null ? "" : `${Math.round(100 * flow_share)}%`,
    }),
  );
  const ids = [
    { colour: COLOURS.lost, ids: result.topology_off },
    { colour: TURNED, ids: result.flows_turned },
  ].filter((each) => each.ids.length > 0);
  const legend = [
    { colour: COLOURS.lost, label: names.off, kept: result.topology_off.length > 0 },
    { colour: SHORT, label: names.short, kept: short.length > 0 },
    { colour: TURNED, label: names.turned, kept: result.flows_turned.length > 0 },
    { colour: WAY, label: names.line, kept: line.length > 0 },
  ].flatMap(({ kept, ...entry }) => (kept ? [entry] : []));
  return { features: [...line, ...short], ids, legend, dims: true };
}
