import { describe, expect, it } from "vitest";
import { firstState, reduce } from "./app";
import { readIds, toggledId, writeIds } from "./ids";
import {
  bodyOf,
  countOf,
  NO_SANDBOX,
  readSandbox,
  sandboxKey,
  sandboxOf,
  supposes,
  withSource,
  withStuck,
  withValve,
  writeSandbox,
} from "./sandbox";
import { FIRST_VIEW, readView, writeView } from "./view";
import { patched, showsImpact } from "./work";

const supposed = withStuck(withSource(withValve(withValve(NO_SANDBOX, 12, "closed"), 15, "open"), 3, false), 7);

describe("a sandbox", () => {
  it("survives the address", () => {
    const work = patched({}, writeSandbox(supposed));
    const view = { ...FIRST_VIEW, panel: "trace" as const, work };
    expect(writeView(view)).toContain("valves=12:closed,15:open&sources=3:off&stuck=7");
    const read = sandboxOf(readView(writeView(view)));
    expect(read.valves).toEqual(supposed.valves);
    expect(read.sources).toEqual(supposed.sources);
    expect(read.stuck).toEqual([7]);
  });

  it("is what the server takes", () => {
    expect(bodyOf(supposed)).toEqual({ valves: { 12: "closed", 15: "open" }, sources: { 3: false }, stuck: [7] });
    expect(bodyOf(NO_SANDBOX)).toEqual({});
  });

  it("is empty again once everything is taken back", () => {
    const back = withStuck(withSource(withValve(withValve(supposed, 12, null), 15, null), 3, null), 7);
    expect(supposes(back)).toBe(false);
    expect(countOf(supposed)).toBe(4);
    expect(writeSandbox(back)).toEqual({ valves: null, sources: null, stuck: null });
  });

  it.each(["12", "12:ajar", "x:open", "0:open", ":closed", "12:__proto__"])("%s supposes nothing", (text) =>
    expect(supposes(readSandbox({ valves: text }))).toBe(false),
  );

  it("counts only in the panels that follow it", () => {
    const work = patched({}, writeSandbox(supposed));
    expect(sandboxKey({ ...FIRST_VIEW, panel: "isolation", work })).not.toBe("||");
    for (const panel of ["plans", "criticality", "problems", null] as const) {
      expect(sandboxKey({ ...FIRST_VIEW, panel, work })).toBe("||");
    }
  });
});

describe("ids in the address", () => {
  it("are whole, positive, each once", () => {
    expect(readIds("4,5,4, 6 ,-1,x,7.5,0,99999999999")).toEqual([4, 5, 6]);
    expect(readIds(undefined)).toEqual([]);
    expect(writeIds(toggledId([4, 5], 4))).toBe("5");
    expect(writeIds(toggledId([4], 4))).toBeNull();
  });
});

describe("the map of a tool", () => {
  it("draws the impact only where the panel lists it", () => {
    expect(showsImpact({ panel: null, work: {} })).toBe(true);
    expect(showsImpact({ panel: "problems", work: {} })).toBe(true);
    expect(showsImpact({ panel: "trace", work: {} })).toBe(true);
    expect(showsImpact({ panel: "trace", work: { ask: "path" } })).toBe(false);
    expect(showsImpact({ panel: "isolation", work: {} })).toBe(false);
  });

  it("is cleared, and clicks select again, when another panel is opened", () => {
    let state = firstState({ ...FIRST_VIEW, city: 1, panel: "isolation" });
    state = reduce(state, { type: "picking", picking: { key: "also", kinds: ["pipe"] } });
    const marks = { features: [], ids: [{ colour: "#ffffff", ids: [4] }], legend: [], dims: true };
    state = reduce(state, { type: "marks", marks });
    state = reduce(state, { type: "view/panel", panel: "plans" });
    expect(state.picking).toBeNull();
    expect(state.marks.ids).toEqual([]);
    expect(state.marks.dims).toBe(false);
  });
});
