import type { Map as MapLibreMap } from "maplibre-gl";
import type { Severity } from "../api/records";
import { COLOURS } from "../layers/palette";
import type { MarkSign } from "../state/marks";
import { STATUS_COLOURS } from "../state/status";
import { PROBLEM_PICTURES } from "./problemPictures";
import { ROLLOUT_PICTURES } from "./rolloutPictures";
import { type Draw, SIGN_PICTURES, SIZE } from "./signPictures";
import { VALVE_PICTURES } from "./valvePictures";
import { WARNING_PICTURES } from "./warningPictures";

const MARK_PICTURES: Record<MarkSign, Draw> = { ...VALVE_PICTURES, ...WARNING_PICTURES };

const RATIO = 2;
/** Width and height of a picture. */
export const SIGN_PX = SIZE;
const LEVEL_COLOURS = [STATUS_COLOURS.alarmLevel1, STATUS_COLOURS.alarmLevel2, STATUS_COLOURS.alarmLevel3];

function drawn(draw: Draw): CanvasRenderingContext2D {
  const canvas = document.createElement("canvas");
  canvas.width = SIZE;
  canvas.height = SIZE;
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("this browser has no 2D canvas");
  draw(context);
  return context;
}

const addresses = new Map<string, string>();

/** A sign of the map as the address of a picture, for legends. */
export function signAddress(kind: string): string {
  return addressOf(kind, SIGN_PICTURES[kind] ?? source);
}

/** The sign of a severity as the address of a picture. */
export function problemAddress(severity: Severity): string {
  return addressOf(`problem-${severity}`, PROBLEM_PICTURES[severity]);
}

/** The sign of a valve or a warning in an answer as the address of a picture. */
export function valveAddress(sign: MarkSign): string {
  return addressOf(sign, MARK_PICTURES[sign]);
}

/** A picture of the rollout's layers as an address. */
export function rolloutAddress(name: string): string {
  return addressOf(name, ROLLOUT_PICTURES[name] ?? source);
}

/** The diamond of an alarm's level as the address of a picture. */
export function alarmAddress(level: number): string {
  return addressOf(`alarm-${level}`, diamond(level));
}

function addressOf(name: string, draw: Draw): string {
  const address = addresses.get(name) ?? drawn(draw).canvas.toDataURL();
  addresses.set(name, address);
  return address;
}

/** A diamond with the level's digit: told apart from the round stations without colour. */
function diamond(level: number): Draw {
  return (context) => {
    const half = SIZE / 2;
    context.beginPath();
    for (const [x, y] of [
      [half, 2],
      [SIZE - 2, half],
      [half, SIZE - 2],
      [2, half],
    ] as const)
      context.lineTo(x, y);
    context.closePath();
    context.fillStyle = LEVEL_COLOURS[level - 1] ?? STATUS_COLOURS.alarmLevel1;
    context.fill();
    context.lineWidth = 3;
    context.strokeStyle = "#ffffff";
    context.stroke();
    context.fillStyle = level === 3 ? "#0b1624" : "#ffffff";
    context.font = "bold 20px sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(String(level), half, half + 1);
  };
}

/** A square with a flame-like wedge for a heat source. */
const source: Draw = (context) => {
  context.fillStyle = COLOURS.ground;
  context.strokeStyle = COLOURS.source;
  context.lineWidth = 4;
  context.fillRect(5, 5, SIZE - 10, SIZE - 10);
  context.strokeRect(5, 5, SIZE - 10, SIZE - 10);
  context.beginPath();
  for (const [x, y] of [
    [22, 11],
    [32, 31],
    [12, 31],
  ] as const)
    context.lineTo(x, y);
  context.closePath();
  context.fillStyle = COLOURS.source;
  context.fill();
};

/** A chevron that points along a line, on a dark ground that every colour lets it stand out from. */
const flow: Draw = (context) => {
  context.beginPath();
  for (const [x, y] of [
    [14, 8],
    [32, 22],
    [14, 36],
  ] as const)
    context.lineTo(x, y);
  context.lineJoin = "round";
  context.lineCap = "round";
  for (const [colour, width] of [
    [COLOURS.ground, 13],
    [COLOURS.selected, 6],
  ] as const) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  }
};

/** Put the pictures that layers name into the map. */
export function addIcons(map: MapLibreMap): void {
  const alarms = { "alarm-1": diamond(1), "alarm-2": diamond(2), "alarm-3": diamond(3) };
  const problems = Object.entries(PROBLEM_PICTURES).map(([severity, draw]) => [`problem-${severity}`, draw]);
  const icons: Record<string, Draw> = {
    source,
    flow,
    ...alarms,
    ...SIGN_PICTURES,
    ...MARK_PICTURES,
    ...ROLLOUT_PICTURES,
    ...Object.fromEntries(problems),
  };
  for (const [name, draw] of Object.entries(icons)) {
    if (!map.hasImage(name)) map.addImage(name, drawn(draw).getImageData(0, 0, SIZE, SIZE), { pixelRatio: RATIO });
  }
}
