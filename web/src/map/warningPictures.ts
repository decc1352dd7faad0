import { COLOURS } from "../layers/palette";
import { WARNING_COLOURS } from "../layers/warnings";
import type { WarningSign } from "../state/marks";
import { type Draw, SIZE } from "./signPictures";

const HALF = SIZE / 2;

/** A polygon with as many corners as tell the level apart without colour, and its digit. */
function plate(level: number, corners: number, turn: number): Draw {
  return (context) => {
    context.beginPath();
    for (let i = 0; i < corners; i += 1) {
      const angle = turn + (2 * Math.PI * i) / corners;
      context.lineTo(HALF + 19 * Math.sin(angle), HALF + (corners === 3 ? 3 : 0) - 19 * Math.cos(angle));
    }
    context.closePath();
    context.fillStyle = WARNING_COLOURS[level - 1] ?? WARNING_COLOURS[3];
    context.fill();
    context.lineWidth = 3;
    context.lineJoin = "round";
    context.strokeStyle = COLOURS.ground;
    context.stroke();
    context.fillStyle = COLOURS.ground;
    context.font = "bold 20px sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(String(level), HALF, HALF + (corners === 3 ? 6 : 1));
  };
}

/** Level 1 a triangle, 2 a square, 3 a pentagon, 4 an octagon. */
export const WARNING_PICTURES: Record<WarningSign, Draw> = {
  "warning-1": plate(1, 3, 0),
  "warning-2": plate(2, 4, Math.PI / 4),
  "warning-3": plate(3, 5, 0),
  "warning-4": plate(4, 8, Math.PI / 8),
};
