/** Keys of the map: modes and camera. Letters and digits alone, and never while somebody writes. */

import type { Mode } from "../state/view";

export const MODE_KEYS: Record<Mode, string> = { "2d": "2", "3d": "3", satellite: "4" };

/** What a key does to the camera: degrees of bearing and of pitch, or north up. */
export const CAMERA_KEYS = {
  q: { bearing: -15 },
  e: { bearing: 15 },
  r: { pitch: -10 },
  f: { pitch: 10 },
  n: { north: true },
} as const satisfies Record<string, CameraStep>;

export interface CameraStep {
  bearing?: number;
  pitch?: number;
  north?: boolean;
}

export type KeyAction = { mode: Mode } | { camera: CameraStep };

type Pressed = Pick<KeyboardEvent, "key" | "ctrlKey" | "altKey" | "metaKey" | "defaultPrevented"> & { target: unknown };

/** What a pressed key asks for; null: nothing of ours. */
export function keyAction(event: Pressed): KeyAction | null {
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented || isWriting(event.target)) return null;
  const key = event.key.toLowerCase();
  const mode = (Object.keys(MODE_KEYS) as Mode[]).find((one) => MODE_KEYS[one] === key);
  if (mode !== undefined) return { mode };
  return key in CAMERA_KEYS ? { camera: CAMERA_KEYS[key as keyof typeof CAMERA_KEYS] } : null;
}

function isWriting(target: unknown): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}
