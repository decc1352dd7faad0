import type { ExpressionSpecification } from "maplibre-gl";
import type { Colouring } from "../api/shapes";
import { STATUS } from "../state/status";
import { IN_ALARM, SEGMENT_CODE, SEGMENT_COLOUR, STATUS_CODE, STATUS_COLOUR } from "./palette";

const CUT_OFF = STATUS.cutOff;
/** Zoom from which tiles hold pipes; below it they hold segments. */
export const PIPES_FROM_ZOOM = 14;
type Item = Colouring["items"][number];

/**
 * The colour of a pipe as the legend of a colouring tells it. Ranges hold their lower limit, not their upper one; what is
 * in no item, or has no value, has the colour of the others.
 */
export function colouringExpression({ attribute, kind, items, other }: Colouring): ExpressionSpecification {
  if (items.length === 0) return ["to-color", other.colour];
  const value = ["get", attribute];
  if (kind !== "ranges") {
    const colours = new Map(items.map((item) => [item.value, item.colour]));
    return ["match", value, ...[...colours].flat(), other.colour] as never;
  }
  const ranges = items.flatMap((item) => [["all", ["has", attribute], ...limits(value, item)], item.colour]);
  return ["case", ...ranges, other.colour] as never;
}

/** The same for one value, for what no style of the map draws. */
export function colourOfValue({ kind, items, other }: Colouring, value: unknown): string {
  const isIn = ({ from, to }: Item) =>
    typeof value === "number" &&
    value >= (from ?? Number.NEGATIVE_INFINITY) &&
    value < (to ?? Number.POSITIVE_INFINITY);
  const found = kind === "ranges" ? items.find(isIn) : items.find((item) => item.value === value);
  return (found ?? other).colour;
}

function limits(value: unknown, { from, to }: Item): unknown[] {
  const low = from === null || from === undefined ? [] : [[">=", value, from]];
  return to === null || to === undefined ? low : [...low, ["<", value, to]];
}

/** Alarm and cut-off stay on top of any colour: of the segment where pipes are drawn as segments, else of the pipe itself. */
export function belowLiveState(colour: unknown): ExpressionSpecification {
  const urgent = ["any", IN_ALARM, ["==", STATUS_CODE, CUT_OFF]];
  const urgentSegment = [">=", SEGMENT_CODE, STATUS.alarmLevel3];
  return [
    "step",
    ["zoom"],
    ["case", urgentSegment, SEGMENT_COLOUR, colour],
    PIPES_FROM_ZOOM,
    ["case", urgent, STATUS_COLOUR, colour],
  ] as never;
}
