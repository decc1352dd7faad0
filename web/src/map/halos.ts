import { type Map as MapLibreMap, Marker } from "maplibre-gl";
import type { Alarm } from "../api/shapes";
import { worstByAsset } from "../layers/alarms";

const MOST = 60;

/**
 * Pulsing rings of the most urgent alarms, as HTML so that the map itself does not repaint for them. They take no
 * pointer events (the station below is what one clicks) and stand still for people who asked for reduced motion.
 */
export class Halos {
  private readonly markers = new Map<number, Marker>();

  constructor(private readonly map: MapLibreMap) {}

  show(alarms: readonly Alarm[]): void {
    const wanted = worstByAsset(alarms)
      .sort((a, b) => a.level - b.level)
      .slice(0, MOST);
    const ids = new Set(wanted.map((alarm) => alarm.asset_id));
    for (const [id, marker] of this.markers) {
      if (ids.has(id)) continue;
      marker.remove();
      this.markers.delete(id);
    }
    for (const alarm of wanted) this.place(alarm);
  }

  private place(alarm: Alarm): void {
    if (alarm.position === null || this.markers.has(alarm.asset_id)) return;
    const element = document.createElement("div");
    element.className = alarm.acknowledged ? "halo halo-known" : "halo";
    element.setAttribute("aria-hidden", "true");
    const [lon, lat] = alarm.position;
    this.markers.set(alarm.asset_id, new Marker({ element }).setLngLat([lon, lat]).addTo(this.map));
  }
}
