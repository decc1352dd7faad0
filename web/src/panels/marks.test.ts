import { expect, it } from "vitest";
import type { QualityMark } from "../api/records";
import type { CurveLine } from "../state/app";
import { byQuality } from "./curveChart";
import { reasonsOf, withReasons } from "./marks";

const LINE: CurveLine = {
  name: "supply",
  label_zh: "",
  unit: "degC",
  total: false,
  every_s: 0,
  at: [0, 60_000, 120_000],
  values: [50, 90, 50],
  quality: [1, 1, 1],
  min: null,
  max: null,
  increase: null,
  count: null,
};
const mark = (point: string, at: number): QualityMark => ({
  asset_id: 1,
  source: "s",
  point,
  unit: "degC",
  observed_at: at,
  value: 90,
  flag: 3,
  rule: "jump",
  why_zh: "跳变",
  why_en: "jump",
});

it("marks the value that a rule flags, and no other point's", () => {
  const reasons = reasonsOf(LINE, [mark("supply", 60_000), mark("return", 0), mark("supply", 7)]);
  expect([...reasons.keys()]).toEqual([60_000]);
  expect(byQuality(withReasons(LINE, reasons)).bad).toEqual([[60_000, 90]]);
});

it("marks the bucket that holds a flagged value", () => {
  const buckets = { ...LINE, every_s: 60 };
  expect([...reasonsOf(buckets, [mark("supply", 119_999)]).keys()]).toEqual([60_000]);
  expect(withReasons(buckets, new Map())).toBe(buckets);
});
