import { OTHER_COLOUR } from "../layers/palette";
import { PROJECT_KINDS, PROJECT_STAGES } from "../layers/rolloutProjects";
import { MARKERS, TYPES } from "../layers/rolloutThemes";
import { type Draw, SIZE } from "./signPictures";

const HALF = SIZE / 2;
const DARK = "#0b1624";

type Shape = "source" | "building" | "capacity";

function outline(context: CanvasRenderingContext2D, shape: Shape): void {
  context.beginPath();
  if (shape === "source") context.arc(HALF, HALF, 18, 0, 2 * Math.PI);
  else if (shape === "building") {
    for (const [x, y] of [
      [HALF, 3],
      [40, 18],
      [40, 40],
      [4, 40],
      [4, 18],
    ] as const)
      context.lineTo(x, y);
    context.closePath();
  } else {
    for (const [x, y] of [
      [HALF, 2],
      [42, HALF],
      [HALF, 42],
      [2, HALF],
    ] as const)
      context.lineTo(x, y);
    context.closePath();
  }
}

const STAGE_SIGNS: Record<string, string> = {
  early: "前",
  construction: "施",
  completed: "竣",
  accepted: "验",
  unknown: "?",
};

/** The shape of the kind in the colour of the stage, with the stage's sign in it. */
function project(shape: Shape, stage: string, colour: string): Draw {
  return (context) => {
    outline(context, shape);
    context.fillStyle = DARK;
    context.fill();
    context.lineWidth = 4;
    context.strokeStyle = colour;
    context.stroke();
    context.fillStyle = colour;
    context.font = "bold 19px 'Noto Sans CJK SC', sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(STAGE_SIGNS[stage] ?? "", HALF, HALF + (shape === "building" ? 6 : 1));
  };
}

/** Triangle: not finished; circle: finished with up to 300 devices; square: with more. */
function marker(code: number, colour: string): Draw {
  return (context) => {
    context.beginPath();
    if (code === 2) context.arc(HALF, HALF, 15, 0, 2 * Math.PI);
    else if (code === 3) context.rect(8, 8, 28, 28);
    else
      for (const [x, y] of [
        [HALF, 5],
        [39, 36],
        [5, 36],
      ] as const)
        context.lineTo(x, y);
    context.closePath();
    context.fillStyle = code === 1 ? DARK : colour;
    context.fill();
    context.lineWidth = 4;
    context.strokeStyle = code === 1 ? colour : "#ffffff";
    context.stroke();
  };
}

const STEP = 11;

/** Hatching of a type: lines, crossing lines or dots; the picture repeats without a seam. */
function hatching(name: string, colour: string): Draw {
  return (context) => {
    context.strokeStyle = context.fillStyle = colour;
    context.lineWidth = 2.5;
    if (name === "solar") {
      for (let x = STEP / 2; x < SIZE; x += STEP)
        for (let y = STEP / 2; y < SIZE; y += STEP) {
          context.beginPath();
          context.arc(x, y, 2.6, 0, 2 * Math.PI);
          context.fill();
        }
      return;
    }
    for (let x = -SIZE; x <= SIZE; x += STEP) {
      context.beginPath();
      if (name === "electric") {
        context.moveTo(x + SIZE, 0);
        context.lineTo(x + SIZE, SIZE);
      } else {
        context.moveTo(x, SIZE);
        context.lineTo(x + SIZE, 0);
      }
      context.stroke();
    }
  };
}

/** Pictures that the layers of the rollout name. */
export const ROLLOUT_PICTURES: Record<string, Draw> = {
  ...Object.fromEntries(
    PROJECT_KINDS.flatMap(({ name: shape }) =>
      [...PROJECT_STAGES, { name: "unknown", colour: OTHER_COLOUR }].map(({ name, colour }) => [
        `project-${shape}-${name}`,
        project(shape, name, colour),
      ]),
    ),
  ),
  ...Object.fromEntries(MARKERS.map(({ code, colour }) => [`rollout-marker-${code}`, marker(code, colour)])),
  ...Object.fromEntries(TYPES.map(({ name, colour }) => [`rollout-${name}`, hatching(name, colour)])),
  "rollout-none": () => {},
};
