import type { LayerDefinition } from "./definition";
import { COLOURS } from "./palette";
import { type Sign, signs } from "./signs";

/** Told apart by shape: triangle, diamond, eye, burst. None is red, which is an alarm's. */
export const SAFETY_SIGNS: readonly Sign[] = [
  { kind: "accident", from: 11, named: 14, size: [0.6, 1] },
  { kind: "hazard", from: 12, named: 15, size: [0.5, 0.9] },
  { kind: "hazard_source", from: 12, named: 14, size: [0.5, 0.9] },
  { kind: "patrol_finding", from: 13, named: 16, size: [0.5, 0.9] },
];

export const safety: LayerDefinition = {
  id: "safety",
  group: "safety",
  title: { zh: "隐患、危险源、巡查发现、事故", en: "Hazards, findings, accidents" },
  minZoom: 11,
  maxZoom: 24,
  build: (input) => signs(input, "safety", COLOURS.safety, SAFETY_SIGNS),
};
