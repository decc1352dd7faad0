import type { ExpressionSpecification } from "maplibre-gl";
import { STATUS_COLOURS, STATUS_NAMES } from "../state/status";

export const COLOURS = {
  ground: "#0b1624",
  water: "#0f2f4d",
  green: "#0f2e2a",
  road: "#22374f",
  majorRoad: "#2f4b69",
  border: "#4b6a8c",
  building: "#1d3552",
  buildingEdge: "#34557d",
  building3d: "#6f8fb5",
  supply: "#fb923c",
  return: "#38bdf8",
  transmission: "#a5f3fc",
  primary: "#22d3ee",
  secondary: "#2f8fb3",
  gas: "#d9c27a",
  safety: "#fdba74",
  noBurn: "#6ee7b7",
  valve: "#cbd5e1",
  mains: "#a7f3d0",
  device: "#bfdbfe",
  weather: "#fde68a",
  zone: "#f0abfc",
  subdistrict: "#7dd3fc",
  township: "#86efac",
  community: "#94a3b8",
  source: "#fef08a",
  lost: "#c084fc",
  degraded: "#fde047",
  selected: "#ffffff",
  text: "#d6e6f5",
  halo: "#0b1624",
} as const;

/** What is not known, in any colouring. */
export const OTHER_COLOUR = "#64748b";

/** Clean-heating rate: orange is low, blue is high; safe for colour-blind readers and free of red. */
export const RATE_RAMP: readonly [number, string][] = [
  [0, "#f28e2b"],
  [0.5, "#f2c28b"],
  [0.7, "#c9d6df"],
  [0.85, "#6fa8dc"],
  [1, "#1f77d0"],
];

/** Colours that tell neighbouring areas apart: none is red, which is an alarm's. */
export const AREA_COLOURS: readonly string[] = [
  "#38bdf8",
  "#fbbf24",
  "#a78bfa",
  "#34d399",
  "#f472b6",
  "#94a3b8",
  "#22d3ee",
  "#fdba74",
  "#a3e635",
  "#818cf8",
];

export const STATUS_CODE: ExpressionSpecification = ["coalesce", ["feature-state", "status"], 0];

/** Status of a segment, on pipes below zoom 14. */
export const SEGMENT_CODE: ExpressionSpecification = ["coalesce", ["feature-state", "segment"], 0];

function colourOf(code: ExpressionSpecification): ExpressionSpecification {
  const cases = STATUS_NAMES.flatMap((name, place) => [place, STATUS_COLOURS[name]]);
  return ["match", code, ...cases, STATUS_COLOURS.noData] as unknown as ExpressionSpecification;
}

/** Colour of live state, by feature-state. */
export const STATUS_COLOUR = colourOf(STATUS_CODE);
export const SEGMENT_COLOUR = colourOf(SEGMENT_CODE);

export const IN_ALARM: ExpressionSpecification = ["all", [">=", STATUS_CODE, 5], ["<=", STATUS_CODE, 7]];
