/** `window.__ht`: what page tests read. Nothing in the viewer depends on it. */

import type { Map as MapLibreMap } from "maplibre-gl";

export interface TestHooks {
  /** The map has drawn the city and the feed has spoken; on `/m` both lists are here. */
  ready: boolean;
  status: {
    readonly size: number;
    get(assetId: number): number | undefined;
    entries(): IterableIterator<[number, number]>;
  };
  selected: number | null;
  impact: { lost: number[]; degraded: number[]; drawn: number[] };
  /** Layers of the 3D scene whose content has arrived. */
  scene: string[];
  errors: string[];
  map: MapLibreMap | null;
}

declare global {
  interface Window {
    __ht: TestHooks;
  }
}

export function installHooks(status: TestHooks["status"]): TestHooks {
  const hooks: TestHooks = {
    ready: false,
    status,
    selected: null,
    impact: { lost: [], degraded: [], drawn: [] },
    scene: [],
    errors: [],
    map: null,
  };
  window.__ht = hooks;
  window.addEventListener("error", (event) => hooks.errors.push(event.message));
  window.addEventListener("unhandledrejection", (event) => hooks.errors.push(String(event.reason)));
  return hooks;
}
