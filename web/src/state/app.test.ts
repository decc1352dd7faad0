import { describe, expect, it } from "vitest";
import { type Action, type AppState, firstState, reduce } from "./app";
import { ageSeconds, nowMs } from "./clock";
import { FIRST_VIEW } from "./view";

function run(state: AppState, ...actions: Action[]): AppState {
  return actions.reduce(reduce, state);
}

describe("the state of the page", () => {
  it("asks for everything about a newly selected asset and forgets it when closed", () => {
    const chosen = run(firstState(), { type: "view/selected", assetId: 5 });
    expect([chosen.asset.state, chosen.impact.state, chosen.curve.state]).toEqual(["loading", "loading", "loading"]);
    const closed = run(chosen, { type: "view/selected", assetId: null });
    expect([closed.asset.state, closed.impact.state, closed.curve.state]).toEqual(["idle", "idle", "idle"]);
  });

  it("keeps an answer when the same asset is selected again", () => {
    const state = run(
      firstState(),
      { type: "view/selected", assetId: 5 },
      { type: "curve", curve: { state: "ready", value: { asset_id: 5, span: "hours", lines: [] } } },
      { type: "view/selected", assetId: 5 },
    );
    expect(state.curve.state).toBe("ready");
  });

  it("forgets camera, selection and answers with another city, but not the seat", () => {
    const camera = { lon: 1, lat: 2, zoom: 3, pitch: 0, bearing: 0 };
    const state = run(
      firstState({ ...FIRST_VIEW, city: 1, selected: 5, camera }),
      { type: "seats", seats: { state: "ready", value: [] } },
      { type: "alarms", alarms: { state: "ready", value: [] } },
      { type: "view/city", city: 2 },
    );
    expect(state.view).toMatchObject({ city: 2, selected: null, camera: null });
    expect([state.alarms.state, state.seats.state]).toEqual(["idle", "ready"]);
  });

  it("keeps the rest of the address when it left the city out", () => {
    const camera = { lon: 1, lat: 2, zoom: 3, pitch: 0, bearing: 0 };
    const state = run(firstState({ ...FIRST_VIEW, selected: 5, camera }), { type: "view/city", city: 1 });
    expect(state.view).toMatchObject({ city: 1, selected: 5, camera });
  });

  it("tells since when the feed is lost, once, until it is back", () => {
    const lost = (localMs: number): Action => ({ type: "live/connection", connection: "lost", localMs });
    const state = run(firstState(), lost(1000), lost(5000));
    expect(state.live.lostAtMs).toBe(1000);
    expect(run(state, { type: "live/connection", connection: "open", localMs: 6000 }).live.lostAtMs).toBeNull();
  });

  it("does not change the state it is given", () => {
    const before = firstState();
    const copy = structuredClone(before);
    run(before, { type: "view/layer", layer: "network", on: false }, { type: "view/mode", mode: "3d" });
    expect(before).toEqual(copy);
  });
});

describe("the clock", () => {
  const live = run(firstState(), {
    type: "live/message",
    asOfMs: 10_000,
    localMs: 500_000,
    counts: [],
    changed: 1,
  }).clock;

  it("carries the server's time forward by the time since it came", () => {
    expect(nowMs(live, 503_000)).toBe(13_000);
    expect(ageSeconds(live, 503_000, new Date(9_000).toISOString())).toBe(4);
  });

  it("stands still in a replay, and never tells a negative age", () => {
    const { clock } = firstState({ ...FIRST_VIEW, at: "2026-01-05T06:00:00.000Z" });
    expect(nowMs(clock, 1)).toBe(Date.parse("2026-01-05T06:00:00Z"));
    expect(ageSeconds(clock, 1, "2026-01-05T07:00:00Z")).toBe(0);
  });
});
