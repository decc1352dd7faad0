/** `window.__ht`: what page tests read. Nothing in the viewer depends on it. */

import type { Map as MapLibreMap } from "maplibre-gl";
import type { Globe } from "./globe/globe";

export interface Three {
  /** Where a point at a height over the ground is drawn in the map's window. */
  project(lon: number, lat: number, heightM: number): [number, number] | null;
  /** Asset drawn at a place of the map's window. */
  pick(x: number, y: number): number | null;
  /** Colours that an asset is drawn in, one a tile that holds it. */
  coloursOf(assetId: number): (readonly [number, number, number])[];
  /** Assets drawn in the colour of an alarm. */
  alarmed(): number[];
  /** Paint the statuses of these assets anew; the number of solids that changed. */
  mark(assetIds: readonly number[]): number;
  size(): { features: number; tiles: number };
}

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
  /** The features of the 3D scene; null while there is none. */
  three: Three | null;
  errors: string[];
  map: MapLibreMap | null;
  /** Of `/globe`. */
  globe: Globe | null;
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
    three: null,
    errors: [],
    map: null,
    globe: null,
  };
  window.__ht = hooks;
  window.addEventListener("error", (event) => hooks.errors.push(event.message));
  window.addEventListener("unhandledrejection", (event) => hooks.errors.push(String(event.reason)));
  return hooks;
}
