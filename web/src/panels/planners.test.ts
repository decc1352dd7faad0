import { describe, expect, it } from "vitest";
import type { Alternative, CriticalSegment, Isolation, ValveToOperate } from "../api/planner";
import { kindOf } from "../map/features";
import { NO_SANDBOX, withValve } from "../state/sandbox";
import { bandsOf, criticalMarks } from "./criticality";
import { inOrder, isolationMarks, isSupposed, moved, numberOf, plannedValves } from "./isolation";
import { marksOf, methodsOf, ringsOf } from "./traceAnswer";

const nobody = {
  estates: [],
  companies: [],
  hospitals: [],
  schools: [],
  asset_ids: [],
  counts: {},
  substations: [],
  heat_user_count: 0,
  heated_area_m2: 0,
  heat_load_mw: 0,
  pipe_length_m: 0,
  outside_scope: 0,
};

function valve(asset_id: number, role: ValveToOperate["role"]): ValveToOperate {
  const position = [125.3, 43.8] as [number, number];
  return {
    asset_id,
    role,
    position,
    code: `V${asset_id}`,
    name: "",
    side: 1,
    state: "open",
    operability: "usable",
  };
}

const alternative: Alternative = {
  valves: [
    { asset_id: 9, code: "V9", name: "联络阀", state: "closed", operability: "usable", position: [125.4, 43.9] },
  ],
  gives_back: { buildings: 12, heat_user_count: 300, heated_area_m2: 24_000, heat_load_mw: 1.1 },
  valves_outside_scope: 0,
  capacity: { running_mw: 40, load_mw: 31, enough: true },
  bound: { by: "sources", stations: [], available_mw: 40, load_mw: 31 },
};

const isolation: Isolation = {
  question: "isolation",
  city_id: 1,
  sandbox: false,
  as_of: null,
  states: "",
  method: "",
  findings: [],
  geometry: null,
  shut_at: [],
  sources_inside: [],
  valves_outside_scope: 0,
  drained_unknown_m: 0,
  asset_ids: [1],
  segments: [1, 2],
  valves: [valve(7, "cannot_close"), valve(5, "close"), valve(4, "close"), valve(6, "closed_already")],
  order: [4, 5],
  grown_through: [7],
  drained_m3: 12.5,
  drained_pipe_length_m: 300,
  lost: nobody,
  lost_with_sandbox: null,
  alternatives: [alternative],
  possible: [],
  network_version: 1,
  valve_version: 2,
};

describe("an isolation", () => {
  it("lists the valves to close first, in their order", () => {
    expect(inOrder(isolation).map(({ asset_id }) => asset_id)).toEqual([4, 5, 7, 6]);
    expect([4, 5, 6].map((id) => numberOf(isolation, id))).toEqual([1, 2, null]);
  });

  it("is drawn with a sign a role, numbers of the order and letters of the alternatives", () => {
    const { features, legend } = isolationMarks(isolation, {});
    const told = features.map(({ properties: { asset_id, sign, label } }) => [asset_id, sign, label]);
    expect(told).toEqual([
      [7, "valve-stuck", undefined],
      [5, "valve-close", "2"],
      [4, "valve-close", "1"],
      [6, "valve-closed", undefined],
      [9, "valve-open", "A"],
    ]);
    expect(legend).toHaveLength(6);
  });

  it("becomes a plan: close in order, then open what the sandbox supposes open", () => {
    const sandbox = withValve(withValve(NO_SANDBOX, 9, "open"), 20, "closed");
    expect(isSupposed(alternative, sandbox)).toBe(true);
    expect(isSupposed(alternative, NO_SANDBOX)).toBe(false);
    const planned = plannedValves(isolation, sandbox);
    expect(planned.map(({ asset_id, action, order }) => [asset_id, action, order])).toEqual([
      [4, "close", 1],
      [5, "close", 2],
      [9, "open", 3],
    ]);
    const changed = moved(planned, 2, -1);
    expect(changed.map(({ asset_id, order }) => [asset_id, order])).toEqual([
      [4, 1],
      [9, 2],
      [5, 3],
    ]);
    expect(moved(planned, 0, -1)).toEqual(planned);
  });
});

describe("criticality", () => {
  const segment = (segment_id: number, users_lost: number) => ({ segment_id, users_lost }) as CriticalSegment;

  it("puts every segment with loss into one band, the most critical first", () => {
    const items = [segment(1, 1000), segment(2, 500), segment(3, 499), segment(4, 50), segment(5, 1), segment(6, 0)];
    const bands = bandsOf(items);
    expect(bands.map(({ segments }) => segments)).toEqual([[1, 2], [3], [4], [5]]);
    expect(criticalMarks(items, String).ids.at(-1)?.ids).toEqual([1, 2]);
    expect(bandsOf([])).toEqual([]);
  });
});

describe("an answer to a trace", () => {
  const reply = {
    network_version: 1,
    valve_version: 1,
    method: "Dijkstra",
    findings: [],
    downstream: { ...nobody, asset_ids: [4] },
    geometry: {
      type: "FeatureCollection" as const,
      features: [
        {
          type: "Feature" as const,
          id: 4,
          geometry: { type: "Point" as const, coordinates: [125, 43] },
          properties: { kind: "valve", set: "downstream" },
        },
      ],
    },
  };

  it("holds its lists by name, and is drawn so that a click finds the asset", () => {
    expect(ringsOf(reply).map(({ name }) => name)).toEqual(["downstream"]);
    expect(methodsOf(reply)).toEqual(["Dijkstra"]);
    const [feature] = marksOf(reply, String).features;
    expect(feature?.properties).toMatchObject({ asset_id: 4, kind: "valve" });
  });
});

describe("the kind of a drawn feature", () => {
  const tilesets = {
    assets: { tiles: [], minzoom: 0, maxzoom: 1, vector_layers: [{ id: "asset", codes: { kind: { 3: "valve" } } }] },
  };
  it.each([
    [{ source: "assets", sourceLayer: "asset", properties: { kind: 3 } }, "valve"],
    [{ source: "assets", sourceLayer: "asset", properties: { kind: 9 } }, null],
    [{ source: "network", sourceLayer: "pipe", properties: {} }, "pipe"],
    [{ source: "buildings", sourceLayer: "building", properties: {} }, "building"],
    [{ source: "impact", properties: { kind: "substation" } }, "substation"],
    [{ source: "alarms", properties: {} }, null],
  ] as const)("%j is %s", (feature, kind) => expect(kindOf({ ...feature, id: 1 } as never, tilesets)).toBe(kind));
});
