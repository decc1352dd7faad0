import { COLOURS } from "../layers/palette";
import type { ValveSign } from "../state/marks";
import { type Draw, SIZE } from "./signPictures";

const MIDDLE = SIZE / 2;
const WINGS = [
  [6, 12],
  [38, 32],
  [38, 12],
  [6, 32],
] as const;

/** The bow tie by which drawings show a valve; filled means shut. */
function bowTie(colour: string, filled: boolean, extra: Draw = () => undefined): Draw {
  return (context) => {
    context.beginPath();
    context.arc(MIDDLE, MIDDLE, 20, 0, 2 * Math.PI);
    context.fillStyle = COLOURS.ground;
    context.fill();
    context.lineJoin = "round";
    context.lineWidth = 3;
    context.strokeStyle = colour;
    context.stroke();
    context.beginPath();
    for (const [x, y] of WINGS) context.lineTo(x, y);
    context.closePath();
    context.fillStyle = filled ? colour : COLOURS.ground;
    context.fill();
    context.stroke();
    extra(context);
  };
}

/** A bar across: this one does not move. */
const barred: Draw = (context) => {
  context.beginPath();
  context.moveTo(9, 35);
  context.lineTo(35, 9);
  context.lineWidth = 7;
  context.strokeStyle = COLOURS.ground;
  context.stroke();
  context.lineWidth = 3.5;
  context.strokeStyle = VALVE_COLOURS["valve-stuck"];
  context.stroke();
};

export const VALVE_COLOURS: Record<ValveSign, string> = {
  "valve-close": "#fb923c",
  "valve-stuck": "#e879f9",
  "valve-closed": "#cbd5e1",
  "valve-open": "#4ade80",
  "valve-off-closed": "#67e8f9",
  "valve-off-open": "#67e8f9",
};

/** Valves to close, that cannot be closed, that are closed already, whose opening gives heat back, and that stand off normal. */
export const VALVE_PICTURES: Record<ValveSign, Draw> = {
  "valve-close": bowTie(VALVE_COLOURS["valve-close"], true),
  "valve-stuck": bowTie(VALVE_COLOURS["valve-stuck"], false, barred),
  "valve-closed": bowTie(VALVE_COLOURS["valve-closed"], true),
  "valve-open": bowTie(VALVE_COLOURS["valve-open"], false),
  "valve-off-closed": bowTie(VALVE_COLOURS["valve-off-closed"], true),
  "valve-off-open": bowTie(VALVE_COLOURS["valve-off-open"], false),
};
