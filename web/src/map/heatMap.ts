import "./worker";
import {
  type GeoJSONSource,
  type MapGeoJSONFeature,
  Map as MapLibreMap,
  type MapMouseEvent,
  NavigationControl,
  ScaleControl,
} from "maplibre-gl";
import type { District } from "../api/shapes";
import type { Three } from "../hooks";
import { PIPES_FROM_ZOOM } from "../layers/colouring";
import { DEVICE_SIGNS } from "../layers/devices";
import { GAS_SIGNS } from "../layers/gas";
import { MAIN_SIGNS } from "../layers/mains";
import { MARK_LAYERS } from "../layers/marks";
import { NO_BURN_SIGNS, NO_BURN_STATES } from "../layers/noBurn";
import { PROBLEM_LAYERS } from "../layers/problems";
import { ROLLOUT_AREA_LAYERS, ROLLOUT_DEVICES } from "../layers/rolloutAreas";
import { PROJECT_SIGN } from "../layers/rolloutProjects";
import { SAFETY_SIGNS } from "../layers/safety";
import { imageryOf } from "../layers/satellite";
import { WEATHER_SIGNS } from "../layers/weather";
import type { AppState, Goal, Picking } from "../state/app";
import type { Parts } from "../state/context";
import { arrived } from "../state/remote";
import { type Position, readLine } from "../state/shapes";
import { PITCH_3D } from "../state/view";
import { CameraControl, type CameraText, step } from "./cameraControl";
import { Drawing } from "./drawing";
import { assetIdOf, kindOf } from "./features";
import { Halos } from "./halos";
import { Handle } from "./handle";
import { addIcons } from "./icons";
import { layerInput, NO_ALARMS, shownColouring } from "./input";
import { keyAction } from "./keys";
import { StatusPainter } from "./painter";
import { roomAround } from "./room";
import type { Found, Scene, Shown } from "./scene";
import { buildStyle, EMPTY_STYLE } from "./style";

/** Layers that answer a click, most wanted first. */
const PICKED = [
  "marks-sign",
  "alarms-sign",
  ...PROBLEM_LAYERS,
  PROJECT_SIGN,
  "stations-source",
  ...MAIN_SIGNS.map(({ kind }) => `mains-${kind}`),
  "stations-dot",
  ...WEATHER_SIGNS.map(({ kind }) => `weather-${kind}`),
  ...DEVICE_SIGNS.map(({ kind }) => `devices-${kind}`),
  ...SAFETY_SIGNS.map(({ kind }) => `safety-${kind}`),
  ...GAS_SIGNS.map(({ kind }) => `gas-${kind}`),
  ...NO_BURN_SIGNS.map(({ kind }) => `no-burn-${kind}`),
  "fittings-dot",
  "fittings-point",
  ...MARK_LAYERS.filter((id) => id !== "marks-sign"),
  "impact-line",
  "network-pipe",
  "gas-pipe",
  "buildings-fill",
  ROLLOUT_DEVICES,
  ...NO_BURN_STATES.map(({ state }) => `no-burn-${state}-fill`),
  // the ground below everything: an area of the rollout
  ...ROLLOUT_AREA_LAYERS,
];
const RATES = "rollout-fill";
const COMPANY = "coverage-company-fill";
/** Layers that have a hover card. */
const HOVERED = [PROJECT_SIGN, ...ROLLOUT_AREA_LAYERS, COMPANY, RATES];
const PICK_RADIUS_PX = 5;
/** The network's tiles begin at zoom 10. */
const LEAST_FIRST_ZOOM = 10.2;
/** The base map begins at zoom 8: further out there is nothing to see. */
const LEAST_ZOOM = 8;
/** How close a box brings the map where nobody wants it closer. */
const CLOSEST_FIT = 17;
const LOCAL_FONTS = "'Noto Sans CJK SC', 'Noto Sans SC', 'PingFang SC', 'Microsoft YaHei', sans-serif";

/** What is under the pointer: a district's rate, an area of a theme, a project, the ground that a company heats. */
export type Hovered =
  | { of: "district"; district: Omit<District, "geometry"> }
  | { of: "area"; id: number; properties: Readonly<Record<string, unknown>> }
  | { of: "company"; id: number }
  | { of: "project"; id: number };

export interface Hover {
  x: number;
  y: number;
  found: Hovered;
}

/** A solid of the 3D scene under the pointer. */
export interface FeatureHover {
  x: number;
  y: number;
  feature: Found;
}

export interface MapOptions {
  interactive: boolean;
  /** Texts of the camera's buttons in the language of now. */
  cameraText: CameraText;
  /** How much larger than on a desk texts and signs are drawn. */
  magnify: number;
  onHover(hover: Hover | null): void;
  onFeature(hover: FeatureHover | null): void;
  /** Where the pointer is; null when it is not over the map. */
  onPointer(position: [number, number] | null): void;
  onIdle(map: HeatMap): void;
  onError(error: Error): void;
}

/** The MapLibre map driven by the store: style, camera, statuses, clicks. */
export class HeatMap {
  readonly map: MapLibreMap;
  private readonly painter: StatusPainter;
  private readonly segmentPainter: StatusPainter;
  private readonly halos: Halos;
  private readonly drawing: Drawing;
  private readonly handle: Handle;
  private readonly endings: (() => void)[] = [];
  private scene: Scene | null = null;
  private wanted: readonly unknown[] = [];
  private goal: Goal | null = null;
  /** False until the map has been taken to a place: what it shows before is nobody's view. */
  private placed: boolean;
  private loaded = false;

  constructor(
    container: HTMLElement,
    private readonly parts: Parts,
    private readonly options: MapOptions,
  ) {
    const camera = parts.store.get().view.camera;
    this.placed = camera !== null;
    this.tilts = camera === null;
    this.map = new MapLibreMap({
      container,
      style: EMPTY_STYLE,
      interactive: options.interactive,
      localIdeographFontFamily: LOCAL_FONTS,
      attributionControl: { compact: options.interactive },
      maxPitch: 75,
      fadeDuration: 0,
      ...(camera === null
        ? {}
        : {
            center: [camera.lon, camera.lat] as [number, number],
            zoom: camera.zoom,
            pitch: camera.pitch,
            bearing: camera.bearing,
          }),
    });
    this.painter = new StatusPainter(this.map, parts.statuses);
    this.segmentPainter = new StatusPainter(this.map, parts.controller.segments, "segment");
    this.halos = new Halos(this.map);
    this.drawing = new Drawing(this.map, parts);
    this.handle = new Handle(this.map, parts);
    this.listen();
  }

  remove(): void {
    for (const end of this.endings) end();
    this.painter.stop();
    this.segmentPainter.stop();
    this.drawing.remove();
    this.scene?.remove();
    this.map.remove();
  }

  /** Ids in the source that the answer is drawn from. */
  async drawnIds(): Promise<number[]> {
    const source = this.map.getSource<GeoJSONSource>("impact");
    if (source === undefined) return [];
    const data = (await source.getData()) as GeoJSON.FeatureCollection;
    return data.features.map((feature) => Number(feature.id)).sort((a, b) => a - b);
  }

  get sceneLayers(): string[] {
    return this.scene?.loadedLayers ?? [];
  }

  /** What page tests ask of the 3D scene. */
  get three(): Three | null {
    const scene = this.scene;
    if (scene === null) return null;
    return {
      project: (lon, lat, heightM) => scene.project(lon, lat, heightM),
      pick: (x, y) => scene.pick(x, y)?.assetId ?? null,
      coloursOf: (id) => scene.painter.coloursOf(id),
      alarmed: () => scene.painter.alarmed(),
      mark: (ids) => scene.painter.mark(ids),
      size: () => scene.painter.size,
    };
  }

  private listen(): void {
    const { map, parts, options } = this;
    if (options.interactive) {
      map.addControl(new NavigationControl({ visualizePitch: true }), "bottom-right");
      const camera = new CameraControl(options.cameraText);
      map.addControl(camera, "bottom-right");
      this.endings.push(parts.store.subscribe(camera.tell));
      window.addEventListener("keydown", this.press);
      this.endings.push(() => window.removeEventListener("keydown", this.press));
      map.on("click", (event) => this.drawing.click(event) || this.pick(event));
      map.on("mousemove", (event) => this.hover(event));
      map.on("mouseout", () => {
        options.onHover(null);
        options.onPointer(null);
      });
    }
    map.addControl(new ScaleControl({ unit: "metric" }), "bottom-left");
    foldAttribution(map);
    map.on("moveend", () => this.tellCamera());
    map.on("idle", () => options.onIdle(this));
    map.on("moveend", () => this.scene?.settle());
    map.on(
      "sourcedata",
      (event) => ["assets", "network"].includes(event.sourceId) && event.isSourceLoaded && this.scene?.settle(),
    );
    map.on("error", (event) => options.onError(new Error(event.error.message)));
    map.once("style.load", () => {
      addIcons(map);
      this.loaded = true;
      this.follow(parts.store.get());
      this.followZoom();
    });
    this.endings.push(parts.store.subscribe(() => this.follow(parts.store.get())));
    this.endings.push(parts.controller.onStatusChange((ids) => this.statusChanged(ids)));
    this.endings.push(parts.controller.onSegmentChange((ids) => this.segmentPainter.mark(ids)));
    map.on("zoomend", () => this.followZoom());
  }

  private readonly press = (event: KeyboardEvent): void => {
    const action = keyAction(event);
    if (action === null) return;
    if ("camera" in action) step(this.map, action.camera);
    else if (action.mode !== "satellite" || imageryOf(this.parts.store.get().rasters) !== null)
      this.parts.store.dispatch({ type: "view/mode", mode: action.mode });
  };

  private statusChanged(ids: readonly number[]): void {
    this.painter.mark(ids);
    this.scene?.mark(ids);
  }

  private follow(state: AppState): void {
    if (!this.loaded) return;
    this.followStyle(state);
    this.followCamera(state);
    this.followMode(state);
    this.drawing.follow(state);
    this.map.getCanvas().classList.toggle("picks", state.picking !== null);
    this.handle.follow(state);
  }

  private followStyle(state: AppState): void {
    const { view } = state;
    const asset = arrived(state.asset);
    const alarms = arrived(state.alarms) ?? NO_ALARMS;
    // another colouring asks for other tiles: its source begins anew and knows no statuses
    const sources = [view.city, state.tilesets, state.rasters, view.colouring, state.colourings, state.bands];
    const look = [view.layers, view.lang, view.mode];
    const ground = [view.ground, view.field, view.at, state.fields];
    const moving = [arrived(state.rollout), state.rolloutMap, alarms, arrived(state.impact), asset, view.selected];
    const work = [state.overlay, state.marks, state.supposed, view.panel, view.work, state.archiveRevision];
    const next = [...sources, ...look, ...ground, ...moving, ...work];
    if (view.city === null || next.every((value, i) => value === this.wanted[i])) return;
    const sourcesChanged = sources.some((value, i) => value !== this.wanted[i]);
    this.wanted = next;
    const style = buildStyle(layerInput(state), view.layers, window.location.origin, this.options.magnify);
    this.map.setStyle(style, { diff: true });
    this.drawing.show();
    this.halos.show(view.layers.includes("alarms") ? alarms : []);
    if (sourcesChanged) {
      this.painter.markAll();
      this.segmentPainter.markAll();
    }
  }

  /** Far out pipes are drawn as segments, whose live state is asked for when it is first seen. */
  private followZoom(): void {
    if (this.placed && this.map.getZoom() < PIPES_FROM_ZOOM) this.parts.controller.wantSegments();
  }

  private followCamera(state: AppState): void {
    if (state.goal === this.goal || state.goal === null) return;
    this.goal = state.goal;
    this.placed = true;
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (state.goal.to === "box") {
      const options = {
        padding: roomAround(this.map.getContainer()),
        maxZoom: state.goal.closest ?? CLOSEST_FIT,
        animate: state.goal.animated && !calm,
      };
      const fitting = this.map.cameraForBounds(state.goal.box, options);
      if (state.goal.animated && fitting?.center !== undefined && (fitting.zoom ?? LEAST_ZOOM) < LEAST_ZOOM)
        this.map.flyTo({ center: fitting.center, zoom: LEAST_ZOOM, animate: !calm });
      else this.map.fitBounds(state.goal.box, options);
      // an empty map helps nobody: the first view is one that has pipes
      if (!state.goal.animated && this.map.getZoom() < LEAST_FIRST_ZOOM) this.map.setZoom(LEAST_FIRST_ZOOM);
    } else
      this.map.flyTo({
        center: state.goal.position,
        zoom: Math.max(this.map.getZoom(), state.goal.zoom),
        animate: !calm,
      });
  }

  private followMode(state: AppState): void {
    const city = state.view.city;
    const wanted = state.view.mode === "3d" && city !== null;
    if (wanted && this.scene === null && !this.loadingScene) void this.openScene(city, this.tilts);
    if (this.placed) this.tilts = true;
    this.scene?.follow(shownIn(state));
    if (!wanted && this.scene !== null) this.closeScene();
  }

  private loadingScene = false;

  /** A view that came with its camera keeps it; whoever switches to 3D wants to see the heights. */
  private tilts: boolean;

  private async openScene(city: number, tilts: boolean): Promise<void> {
    this.loadingScene = true;
    try {
      const { Scene } = await import("./scene");
      if (this.parts.store.get().view.mode !== "3d") return;
      this.scene = new Scene(
        this.map,
        this.parts.statuses,
        (found, x, y) => this.options.onFeature(found === null ? null : { x, y, feature: found }),
        (problems) => this.parts.store.dispatch({ type: "scene/problems", problems }),
        () => this.options.onIdle(this),
      );
      this.scene.follow(shownIn(this.parts.store.get()));
      if (tilts && this.map.getPitch() < 1) this.map.easeTo({ pitch: PITCH_3D, duration: 600 });
      await this.scene.show("overview", city);
    } finally {
      this.loadingScene = false;
    }
  }

  private closeScene(): void {
    this.scene?.remove();
    this.scene = null;
    this.map.easeTo({ pitch: 0, duration: 400 });
  }

  private tellCamera(): void {
    if (!this.placed) return;
    const { lng, lat } = this.map.getCenter();
    const camera = {
      lon: lng,
      lat,
      zoom: this.map.getZoom(),
      pitch: this.map.getPitch(),
      bearing: this.map.getBearing(),
    };
    this.parts.store.dispatch({ type: "view/moved", camera });
  }

  private pick(event: MapMouseEvent): void {
    const { x, y } = event.point;
    const { picking } = this.parts.store.get();
    const solid = picking === null ? (this.scene?.pick(x, y) ?? null) : null;
    if (solid !== null) {
      this.parts.controller.select(solid.assetId);
      return;
    }
    const layers = PICKED.filter((id) => this.map.getLayer(id) !== undefined);
    const box: [[number, number], [number, number]] = [
      [x - PICK_RADIUS_PX, y - PICK_RADIUS_PX],
      [x + PICK_RADIUS_PX, y + PICK_RADIUS_PX],
    ];
    const found = this.map.queryRenderedFeatures(box, { layers }).filter(this.wantedBy(picking));
    const best = layers.map((layer) => found.find((feature) => feature.layer.id === layer)).find((feature) => feature);
    const id = assetIdOf(best);
    if (this.parts.planning.picked(id)) return;
    const layer = best?.layer.id ?? "";
    if (id !== null && PROBLEM_LAYERS.includes(layer)) this.parts.desk.openProblem(id);
    else if (id !== null && layer === PROJECT_SIGN) this.parts.desk.openRollout({ project: String(id) });
    else if (id !== null && ROLLOUT_AREA_LAYERS.includes(layer)) this.parts.desk.openRollout({ place: String(id) });
    else this.parts.controller.select(id);
  }

  /** While assets are picked, only those of the wanted kinds answer. */
  private wantedBy(picking: Picking | null): (feature: MapGeoJSONFeature) => boolean {
    if (picking === null) return () => true;
    const tilesets = arrived(this.parts.store.get().tilesets) ?? {};
    return (feature) => {
      if ([...PROBLEM_LAYERS, PROJECT_SIGN, ...ROLLOUT_AREA_LAYERS].includes(feature.layer.id)) return false;
      const kind = kindOf(feature, tilesets);
      return picking.kinds === null || (kind !== null && picking.kinds.includes(kind));
    };
  }

  private hover(event: MapMouseEvent): void {
    this.options.onPointer([event.lngLat.lng, event.lngLat.lat]);
    const layers = HOVERED.filter((id) => this.map.getLayer(id) !== undefined);
    const feature = layers.length === 0 ? undefined : this.map.queryRenderedFeatures(event.point, { layers })[0];
    const { x, y } = event.point;
    this.options.onHover(feature === undefined ? null : { x, y, found: hovered(feature) });
  }
}

function hovered(feature: MapGeoJSONFeature): Hovered {
  const id = Number(feature.id);
  if (feature.layer.id === PROJECT_SIGN) return { of: "project", id };
  if (feature.layer.id === COMPANY) return { of: "company", id: Number(feature.properties.of_id ?? -1) };
  if (feature.layer.id === RATES) {
    return { of: "district", district: feature.properties as Omit<District, "geometry"> };
  }
  return { of: "area", id, properties: feature.properties };
}

function shownIn(state: AppState): Shown {
  const { view, tilesets, section, alarms } = state;
  const under = { xray: view.xray, cover: view.cover, section, line: lineOf(view.work.line) };
  return {
    visible: view.layers,
    tilesets: arrived(tilesets) ?? {},
    selected: view.selected,
    under,
    alarms: arrived(alarms) ?? NO_ALARMS,
    colouring: shownColouring(state),
  };
}

/** The same points for the same text: the scene is drawn again when they differ. */
const lineOf = (() => {
  let last: { text: string | undefined; line: readonly Position[] | null } = { text: undefined, line: null };
  return (text: string | undefined) => {
    if (text !== last.text) last = { text, line: readLine(text) };
    return last.line;
  };
})();

/** Names of sources are long: once they are here they fold to a sign that opens by a click; a wall shows them in full. */
function foldAttribution(map: MapLibreMap): void {
  const fold = () => {
    const shown = map.getContainer().querySelector(".maplibregl-compact-show");
    if (shown === null) return;
    shown.classList.remove("maplibregl-compact-show");
    shown.removeAttribute("open");
    map.off("idle", fold);
  };
  map.on("idle", fold);
}
