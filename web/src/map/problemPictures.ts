import type { Severity } from "../api/records";
import { COLOURS } from "../layers/palette";
import { SEVERITY_COLOURS } from "../layers/problems";
import { type Draw, SIZE } from "./signPictures";

const HALF = SIZE / 2;
type Path = readonly (readonly [number, number])[];

const OCTAGON: Path = Array.from({ length: 8 }, (_, i) => {
  const angle = Math.PI / 8 + (i * Math.PI) / 4;
  return [HALF + 19 * Math.cos(angle), HALF + 19 * Math.sin(angle)] as const;
});
const TRIANGLE: Path = [
  [HALF, 4],
  [41, 38],
  [3, 38],
];
const DISC: Path = Array.from({ length: 32 }, (_, i) => {
  const angle = (i * Math.PI) / 16;
  return [HALF + 16 * Math.cos(angle), HALF + 16 * Math.sin(angle)] as const;
});

/** A filled shape with a letter in the colour of the ground: told apart without colour. */
function plate(path: Path, colour: string, letter: string, y: number): Draw {
  return (context) => {
    context.beginPath();
    for (const [x, at] of path) context.lineTo(x, at);
    context.closePath();
    context.fillStyle = colour;
    context.fill();
    context.lineWidth = 3;
    context.lineJoin = "round";
    context.strokeStyle = COLOURS.ground;
    context.stroke();
    context.fillStyle = COLOURS.ground;
    context.font = "bold 24px sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(letter, HALF, y);
  };
}

/** An octagon with a cross, a triangle with a mark, a disc with an i. */
export const PROBLEM_PICTURES: Record<Severity, Draw> = {
  error: plate(OCTAGON, SEVERITY_COLOURS.error, "×", HALF + 1),
  warning: plate(TRIANGLE, SEVERITY_COLOURS.warning, "!", HALF + 6),
  notice: plate(DISC, SEVERITY_COLOURS.notice, "i", HALF + 1),
};
