import type { IControl, Map as MapLibreMap } from "maplibre-gl";
import type { CameraStep } from "./keys";

const STEP_MS = 250;
/** Presets of the button that shows the pitch. */
const PITCHES = [0, 30, 45, 60] as const;

/** Text of a button, and what it does. */
const BUTTONS = [
  ["left", "↺", { bearing: -15 }],
  ["right", "↻", { bearing: 15 }],
  ["up", "⌃", { pitch: 10 }],
  ["down", "⌄", { pitch: -10 }],
] as const satisfies readonly (readonly [string, string, CameraStep])[];

export type CameraText = (button: (typeof BUTTONS)[number][0] | "title" | "pitch", pitch?: number) => string;

/** Turn or tilt the camera by a step. */
export function step(map: MapLibreMap, { bearing, pitch, north }: CameraStep): void {
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  map.easeTo({
    bearing: north ? 0 : map.getBearing() + (bearing ?? 0),
    pitch: Math.min(map.getMaxPitch(), Math.max(0, map.getPitch() + (pitch ?? 0))),
    duration: calm ? 0 : STEP_MS,
  });
}

/** Buttons that turn and tilt the camera; the pitch stands on the last one, which goes round its presets. */
export class CameraControl implements IControl {
  private box: HTMLElement | null = null;
  private map: MapLibreMap | null = null;
  private pitch: HTMLButtonElement | null = null;

  constructor(private readonly text: CameraText) {}

  onAdd(map: MapLibreMap): HTMLElement {
    this.map = map;
    this.box = document.createElement("div");
    this.box.className = "maplibregl-ctrl maplibregl-ctrl-group camera";
    this.box.setAttribute("role", "group");
    for (const [name, sign, action] of BUTTONS) {
      const button = this.button(sign, () => step(map, action));
      button.dataset.name = name;
    }
    this.pitch = this.button("", () => this.nextPitch());
    map.on("pitch", this.tell);
    this.tell();
    return this.box;
  }

  onRemove(): void {
    this.map?.off("pitch", this.tell);
    this.box?.remove();
  }

  /** Write the texts anew: the pitch or the language has changed. */
  readonly tell = (): void => {
    if (this.box === null || this.map === null || this.pitch === null) return;
    const degrees = Math.round(this.map.getPitch());
    this.box.setAttribute("aria-label", this.text("title"));
    for (const button of this.box.querySelectorAll("button")) {
      const name = button.dataset.name as (typeof BUTTONS)[number][0] | undefined;
      name !== undefined && named(button, this.text(name));
    }
    this.pitch.textContent = `${degrees}°`;
    named(this.pitch, this.text("pitch", degrees));
  };

  private button(sign: string, act: () => void): HTMLButtonElement {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = sign;
    button.addEventListener("click", act);
    this.box?.append(button);
    return button;
  }

  private nextPitch(): void {
    if (this.map === null) return;
    const now = Math.round(this.map.getPitch());
    const next = PITCHES.find((pitch) => pitch > now) ?? 0;
    step(this.map, { pitch: next - this.map.getPitch() });
  }
}

function named(button: HTMLButtonElement, text: string): void {
  button.title = text;
  button.setAttribute("aria-label", text);
}
