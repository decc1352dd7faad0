import { describe, expect, it } from "vitest";
import type { Plan, PlanArea, PlanConflict } from "../api/planner";
import type { Asset } from "../api/shapes";
import { flowOf } from "../layers/flow";
import { leakWorth } from "../layers/leaks";
import { circumstancesOf, impactCircumstancesOf, showsPast, statesAsOf, valveStateAt } from "../state/past";
import { FIRST_VIEW, readView, writeView } from "../state/view";
import { offNormalMarks } from "./offNormal";
import { areaCounts, planMarks, worstConflict } from "./plans";

const NAMES = { plan: "a", other: "b", both: "c", only_together: "d", close: "e", open: "f" };
const building = (id: number, set: string) => ({
  type: "Feature",
  id,
  properties: { asset_id: id, set },
  geometry: { type: "Point", coordinates: [125, 43] },
});
const area = {
  type: "FeatureCollection",
  features: [building(1, "plan"), building(2, "other"), building(3, "only_together"), building(4, "work")],
} as unknown as PlanArea;
const valve = { asset_id: 9, code: "V9", name: "", order: 1, action: "close", state_before: null, position: [125, 43] };
const plan = { plan_id: 1, valves: [valve] } as unknown as Plan;

describe("a plan on the map", () => {
  it("shows whom it cuts off, whom the others do, and whom only both together", () => {
    const { features, legend } = planMarks(plan, area, [{ ...plan, plan_id: 2 }], NAMES);
    expect(areaCounts(area)).toEqual({ plan: 1, other: 1, both: 0, only_together: 1 });
    expect(new Set(features.slice(0, 4).map(({ properties }) => properties.colour)).size).toBe(4);
    expect(legend.map(({ label }) => label)).toEqual(["a", "b", "d", "e"]);
    // its own valves carry their place in the order, those of the other none
    expect(features.slice(4).map(({ properties }) => properties.label)).toEqual([undefined, "1"]);
  });

  it("names the conflict that costs most users", () => {
    const conflict = (plan_id: number, heat_user_count: number) =>
      ({ plan_id, joint: { heat_user_count } }) as unknown as PlanConflict;
    expect(worstConflict([conflict(1, 3), conflict(2, 8), conflict(3, 5)])?.plan_id).toBe(2);
    expect(worstConflict([])).toBeNull();
  });
});

describe("a past time", () => {
  const at = "2026-11-20T04:00:00Z";

  it("is kept by the address with the hours of the repair, and counts in the tools that follow it", () => {
    const view = readView(`?city=1&panel=trace&states_as_of=${at}&repair_h=8.5`);
    expect(readView(writeView(view))).toEqual(view);
    expect(impactCircumstancesOf(view)).toEqual({ as_of: at, repair_h: 8.5 });
    expect(circumstancesOf({ ...view, panel: "isolation" })).toEqual({ as_of: at });
    expect(showsPast({ ...view, panel: "plans" })).toBe(false);
    expect(statesAsOf({ ...FIRST_VIEW, at })).toBe(at);
  });

  it.each(["states_as_of=lately", "repair_h=-1", "repair_h=x", "repair_h=1e9"])("%s is none", (text) => {
    expect(readView(`?panel=trace&${text}`).work).toEqual({});
  });

  it("finds a valve as its last record before then left it", () => {
    const record = (changed_at: string, state: string) => ({ changed_at, state }) as never;
    const items = [record("2026-11-21T00:00:00Z", "open"), record("2026-11-19T00:00:00Z", "closed")];
    const history = { state: "open", normal_state: "unknown", items } as const;
    expect(valveStateAt(history, null)).toBe("open");
    expect(valveStateAt(history, at)).toBe("closed");
    expect(valveStateAt(history, "2026-11-18T00:00:00Z")).toBe("unknown");
  });
});

describe("what is drawn beside an answer", () => {
  it("has valves off normal once: not those that the answer shows", () => {
    const astray = (asset_id: number, state: string) => ({ asset_id, state, position: [125, 43], code: "V", name: "" });
    const marks = offNormalMarks([astray(1, "closed"), astray(2, "open")] as never, new Set([1]));
    expect(marks.map(({ properties }) => properties.sign)).toEqual(["valve-off-open"]);
    expect(marks[0]?.properties.near).toBe(true);
  });

  it("has the water's way: against the drawing it is turned, where it stands there is none", () => {
    const coordinates = [
      [0, 0],
      [1, 1],
      [2, 1],
    ];
    const flowing = (flow_direction: number) =>
      flowOf({
        geometry: { type: "LineString", coordinates },
        solved: { flow_direction, stale: false },
      } as unknown as Asset);
    expect(flowing(0)?.way).toEqual({ type: "LineString", coordinates });
    expect(flowing(1)?.way).toEqual({ type: "LineString", coordinates: [...coordinates].reverse() });
    expect(flowing(2)).toBeNull();
    expect(flowOf(null)).toBeNull();
  });

  it("says that a leak which explains nothing, or lies anywhere, is hardly worth a walk", () => {
    expect(leakWorth({ within_m: 80, problems: [] })).toBe("sure");
    expect(leakWorth({ within_m: 300, problems: [] })).toBe("likely");
    expect(leakWorth({ within_m: 2000, problems: [] })).toBe("unsure");
    expect(leakWorth({ within_m: 80, problems: ["no leak explains it"] })).toBe("unsure");
  });
});
