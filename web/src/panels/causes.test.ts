import { describe, expect, it } from "vitest";
import { CAUSE_COLOURS, type Cause, causeMarks, chosenCause, devicesOf, questionOf, sureness } from "./causes";

function cause(patch: Partial<Cause>): Cause {
  return {
    kind: "segment",
    hypothesis: "shut",
    segment_ids: [10, 11],
    asset_ids: [10, 11, 12],
    position: [125.3, 43.9],
    length_m: 400,
    explained: [1, 2],
    silent_below: [],
    unmeasured_below: 0,
    hit_rate: 0.9,
    score: 20,
    confidence: 0.95,
    age_s: null,
    runner_up: null,
    outside_scope: 0,
    ...patch,
  };
}

describe("a cause", () => {
  it("is the one that the address names, else the first", () => {
    const causes = [cause({}), cause({})];
    expect(["1", "7", "x", "-1", undefined].map((text) => chosenCause(causes, text))).toEqual([1, 0, 0, 0, 0]);
  });

  it("names devices only where no segment may be it", () => {
    expect(devicesOf(cause({}))).toEqual([]);
    expect(devicesOf(cause({ kind: "source", segment_ids: [], asset_ids: [7] }))).toEqual([7]);
  });

  it("is worded by how sure it is", () => {
    expect([0.95, 0.6, 0.2].map((confidence) => sureness(confidence))).toEqual(["sure", "likely", "unsure"]);
    expect(sureness(0.99, false)).toBe("likely");
  });
});

describe("marks of causes", () => {
  const label = (name: string) => name;

  it("draw the segments of the chosen one, its stations and the places of all", () => {
    const marks = causeMarks(
      { causes: [cause({}), cause({ segment_ids: [20], silent_below: [5] })], stray: [9] },
      1,
      label,
    );
    expect(marks?.ids).toEqual([
      { colour: CAUSE_COLOURS.stray, ids: [9], of: "assets" },
      { colour: CAUSE_COLOURS.explained, ids: [1, 2], of: "assets" },
      { colour: CAUSE_COLOURS.silent, ids: [5], of: "assets" },
      { colour: CAUSE_COLOURS.place, ids: [20], of: "segments" },
    ]);
    expect(marks?.features.map(({ properties }) => properties.label)).toEqual(["1", "2"]);
    expect(marks?.legend.map(({ label: text }) => text)).toEqual(["place", "silent", "explained", "stray"]);
  });

  it("draw nothing where nothing rings, and no point without a place", () => {
    expect(causeMarks({ causes: [], stray: [] }, 0, label)).toBeNull();
    expect(causeMarks({ causes: [cause({ position: null })], stray: [] }, 0, label)?.features).toEqual([]);
  });
});

it("asks with silent stations only when some were picked", () => {
  expect(questionOf([], [3])).toBeNull();
  expect(questionOf([1], [])).toEqual({ alarmed: [1] });
  expect(questionOf([1], [3])).toEqual({ alarmed: [1], silent: [3] });
});
