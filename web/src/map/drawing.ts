import type { GeoJSONSource, Map as MapLibreMap, MapMouseEvent } from "maplibre-gl";
import type { AppState, Drawing as Drawn } from "../state/app";
import type { Parts } from "../state/context";
import { clicksOf, type Position, shapeOf } from "../state/shapes";

const NOTHING: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };

/** Lets a person draw a shape by clicks; what is drawn so far follows the pointer. */
export class Drawing {
  private current: Drawn | null = null;
  private pointer: Position | null = null;
  private readonly endings: (() => void)[] = [];

  constructor(
    private readonly map: MapLibreMap,
    private readonly parts: Parts,
  ) {
    const move = (event: MapMouseEvent) => this.move(event);
    const finish = (event: MapMouseEvent) => this.finish(event);
    map.on("mousemove", move);
    map.on("dblclick", finish);
    window.addEventListener("keydown", this.press);
    this.endings.push(() => window.removeEventListener("keydown", this.press));
    this.endings.push(() => map.off("mousemove", move));
    this.endings.push(() => map.off("dblclick", finish));
  }

  remove(): void {
    for (const end of this.endings) end();
  }

  follow(state: AppState): void {
    if (state.drawing === this.current) return;
    this.current = state.drawing;
    if (this.current === null) this.pointer = null;
    this.map.getCanvas().style.cursor = this.current === null ? "" : "crosshair";
    this.show();
  }

  /** Take a click, if a shape is being drawn. */
  click(event: MapMouseEvent): boolean {
    if (this.current === null) return false;
    const points = [...this.current.points, [event.lngLat.lng, event.lngLat.lat] as const];
    this.parts.store.dispatch({ type: "draw/points", points });
    if (points.length === clicksOf(this.current?.tool ?? "point")) this.parts.desk.finishDrawing();
    return true;
  }

  /** Draw again what is drawn so far: a new style knows nothing of it. */
  show(): void {
    const source = this.map.getSource<GeoJSONSource>("drawing");
    if (source === undefined) return;
    const { tool, points } = this.current ?? { tool: "point" as const, points: [] };
    const all = this.pointer === null || this.current === null ? points : [...points, this.pointer];
    const shape = shapeOf(tool, all) ?? lineOf(all);
    source.setData(shape === null ? NOTHING : { type: "Feature", geometry: shape, properties: {} });
  }

  private move(event: MapMouseEvent): void {
    if (this.current === null || this.current.points.length === 0) return;
    this.pointer = [event.lngLat.lng, event.lngLat.lat];
    this.show();
  }

  /** Enter ends the drawing, Escape gives it up. */
  private readonly press = (event: KeyboardEvent): void => {
    if (this.current === null) return;
    if (event.key === "Enter" && !(event.target instanceof HTMLButtonElement)) this.parts.desk.finishDrawing();
    if (event.key === "Escape") this.parts.desk.draw(null);
  };

  private finish(event: MapMouseEvent): void {
    if (this.current === null) return;
    event.preventDefault();
    this.parts.desk.finishDrawing();
  }
}

function lineOf(points: readonly Position[]): GeoJSON.LineString | null {
  if (points.length < 2) return null;
  return { type: "LineString", coordinates: points.map(([lon, lat]) => [lon, lat]) };
}
