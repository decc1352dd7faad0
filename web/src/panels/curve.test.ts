import { expect, it } from "vitest";
import type { CurveLine } from "../state/app";
import { chooseLine } from "./CurvePanel";
import { byQuality, dashes, shownValues, withGaps } from "./curveChart";

const line = (name: string, ...values: (number | null)[]): CurveLine => ({
  name,
  label_zh: "",
  unit: "degC",
  total: false,
  every_s: 0,
  at: values.map((_, i) => i * 1000),
  values,
  quality: values.map((value) => (value === null ? 9 : 1)),
  min: null,
  max: null,
  increase: null,
  count: null,
});

it("shows the wanted point, else the first with a value, else the first", () => {
  const lines = [line("empty", null), line("supply", 50), line("return", 40)];
  expect(chooseLine(lines, "return")?.name).toBe("return");
  expect(chooseLine(lines, null)?.name).toBe("supply");
  expect(chooseLine(lines.slice(0, 1), "gone")?.name).toBe("empty");
  expect(chooseLine([], null)).toBeUndefined();
});

it("draws a bad reading in grey beside the line, and marks a bucket that holds one", () => {
  const raw = { ...line("supply", 50, 140, null), quality: [1, 4, 9] };
  expect(byQuality(raw)).toEqual({
    good: [
      [0, 50],
      [1000, null],
      [2000, null],
    ],
    bad: [[1000, 140]],
  });
  expect(byQuality({ ...raw, every_s: 1 }).good[1]).toEqual([1000, 140]);
});

it("shows what a register has risen by in each bucket", () => {
  const heat = { ...line("heat", 1000, 1010), total: true, every_s: 1, increase: [null, 10] };
  expect(shownValues(heat)).toEqual([null, 10]);
  expect(shownValues({ ...heat, increase: null })).toEqual([1000, 1010]);
});

it("leaves a gap where buckets are missing", () => {
  expect(
    withGaps(
      [
        [0, 1],
        [1000, 2],
        [5000, 3],
      ],
      1,
    ),
  ).toEqual([
    [0, 1],
    [1000, 2],
    [2000, null],
    [5000, 3],
  ]);
});

it("draws filled values as dashes that meet the line on both sides of each hole", () => {
  const holed = {
    ...line("supply"),
    at: [0, 1, 2, 5, 6, 8],
    values: [1, 1, null, 3, 4, 6],
    quality: [1, 1, 9, 1, 1, 1],
  };
  const filled = { filled: true, method: "last" as const, flag: 3, observed_at: [2, 3, 4, 7], values: [1, 1, 1, 5] };
  expect(dashes(holed, filled)).toEqual([
    [1, 1],
    [2, 1],
    [3, 1],
    [4, 1],
    [5, 3],
    [5, null],
    [6, 4],
    [7, 5],
    [8, 6],
    [8, null],
  ]);
});
