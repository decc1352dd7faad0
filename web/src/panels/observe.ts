import type { Globe } from "../globe/globe";
import type { HeatMap } from "../map/heatMap";
import type { AppState } from "../state/app";
import type { Parts } from "../state/context";

/** Tell the page tests what the map has drawn. */
export async function observeIdle(heatMap: HeatMap, parts: Parts): Promise<void> {
  const hooks = window.__ht;
  const state = parts.store.get();
  hooks.map = heatMap.map;
  hooks.scene = heatMap.sceneLayers;
  hooks.three = heatMap.three;
  const asked = state.view.selected;
  const drawn = await heatMap.drawnIds();
  if (parts.store.get().view.selected === asked) hooks.impact.drawn = drawn;
  const spoken = state.clock.mode === "replay" || state.clock.asOfMs !== null;
  if (state.tilesets.state === "ready" && spoken && state.view.camera !== null) hooks.ready = true;
}

/** On the page for phones the lists come first; the map is a tab that may never be opened. */
export function observeLists(loaded: boolean): void {
  if (loaded) window.__ht.ready = true;
}

/** The globe has drawn all that can be seen from here. */
export function observeGlobe(globe: Globe | null, state: AppState): void {
  window.__ht.globe = globe;
  if (globe !== null && state.clock.asOfMs !== null && state.view.camera !== null) window.__ht.ready = true;
}

export function reportError(error: Error): void {
  window.__ht.errors.push(error.message);
}
