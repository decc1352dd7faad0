import { type Map as MapLibreMap, Marker } from "maplibre-gl";
import type { AppState } from "../state/app";
import type { Parts } from "../state/context";
import type { Position } from "../state/shapes";

/** The point of the asset that is edited, to be dragged. */
export class Handle {
  private marker: Marker | null = null;
  private shown: Position | null = null;

  constructor(
    private readonly map: MapLibreMap,
    private readonly parts: Parts,
  ) {}

  follow(state: AppState): void {
    if (state.handle === this.shown) return;
    this.shown = state.handle;
    if (state.handle === null) {
      this.marker?.remove();
      this.marker = null;
      return;
    }
    this.marker ??= this.made(state.handle);
    this.marker.setLngLat([state.handle[0], state.handle[1]]);
  }

  private made(position: Position): Marker {
    const element = document.createElement("div");
    element.className = "handle";
    const marker = new Marker({ element, draggable: true }).setLngLat([position[0], position[1]]).addTo(this.map);
    marker.on("dragend", () => {
      const { lng, lat } = marker.getLngLat();
      this.parts.store.dispatch({ type: "handle", position: [lng, lat] });
    });
    return marker;
  }
}
