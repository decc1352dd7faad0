/** The 3D half of the map: the server's pydeck scene drawn by deck.gl. Loaded only when somebody asks for 3D. */

import type { Layer, PickingInfo } from "@deck.gl/core";
import { MVTLayer } from "@deck.gl/geo-layers";
import { JSONConverter } from "@deck.gl/json";
import { GeoJsonLayer, IconLayer, PathLayer, PolygonLayer, ScatterplotLayer, TextLayer } from "@deck.gl/layers";
import { MapLibreOverlay } from "@deck.gl/maplibre";
// deck.gl would fetch this worker from a CDN
import mvtWorkerUrl from "@loaders.gl/mvt/mvt-worker.js?url";
import type { Map as MapLibreMap } from "maplibre-gl";
import { getJson } from "../api/client";
import type { Alarm, Colouring } from "../api/shapes";
import type { paths } from "../api/types.gen";
import type { LayerId } from "../layers/ids";
import type { TileJson } from "../state/app";
import { alarmSigns } from "./alarmSigns";
import { pipeColours } from "./pipeColours";
import { type Post, postsLayers, standing } from "./posts";
import { loadOptionsOf } from "./tiles3d/device";
import { FeatureTilesLayer, type PickedFeature } from "./tiles3d/FeatureTilesLayer";
import { FeaturePainter, type Statuses } from "./tiles3d/features";
import { fadeGround, NOTHING_UNDER, sectionLayers, seenThrough, type Under } from "./under";

/** What may stand in a scene; a class that is not here is a problem of that layer, not of the page. */
const CLASSES = {
  MVTLayer,
  // features are picked and coloured by asset
  Tile3DLayer: FeatureTilesLayer,
  GeoJsonLayer,
  IconLayer,
  PathLayer,
  PolygonLayer,
  ScatterplotLayer,
  TextLayer,
};

export interface SceneProblem {
  layer: string;
  message: string;
}

type LayerJson = Record<string, unknown>;

function nameOf(layer: LayerJson): string {
  return String(layer.id ?? layer["@@type"] ?? "?");
}

function withLocalWorker(layer: LayerJson): LayerJson {
  const given = (layer.loadOptions ?? {}) as Record<string, unknown>;
  const mvt = { ...((given.mvt as object | undefined) ?? {}), workerUrl: mvtWorkerUrl };
  const tiles3d = layer["@@type"] === "Tile3DLayer" ? loadOptionsOf(window) : {};
  return { ...layer, loadOptions: { ...tiles3d, ...given, mvt } };
}

/** Switches that layers of a scene follow; a layer without one is always drawn. */
const SWITCHES: Record<string, LayerId> = {
  rates: "rollout",
  network: "network",
  buildings: "buildings",
  pipes: "network",
  fittings: "fittings",
};

/** Ids of a scene's layers that the page's switches leave on. */
export function isOn(layerId: string, visible: readonly LayerId[]): boolean {
  const layer = SWITCHES[layerId];
  return layer === undefined || visible.includes(layer);
}

/** Convert layer by layer, so that one bad layer costs only itself. */
export function convertLayers(layers: readonly LayerJson[]): { layers: Layer[]; problems: SceneProblem[] } {
  const converted: Layer[] = [];
  const problems: SceneProblem[] = [];
  for (const layer of layers) {
    try {
      const type = String(layer["@@type"]);
      if (!(type in CLASSES)) throw new Error(`${type} is not among ${Object.keys(CLASSES).join(", ")}`);
      const converter = new JSONConverter({ configuration: { classes: CLASSES } });
      converted.push(converter.convert(withLocalWorker(layer)) as unknown as Layer);
    } catch (error) {
      problems.push({ layer: nameOf(layer), message: error instanceof Error ? error.message : String(error) });
    }
  }
  return { layers: converted, problems };
}

/** Parts of the state whose change draws the scene again. */
const FOLLOWED = ["visible", "selected", "alarms"] as const;
const PICK_RADIUS_PX = 2;
const TUBES_FROM_ZOOM = 15;

type Bearers = paths["/scenes/bearers"]["get"]["responses"]["200"]["content"]["application/json"];

/** What of the page's state the scene follows. */
export interface Shown {
  visible: readonly LayerId[];
  tilesets: Record<string, TileJson>;
  selected: number | null;
  under: Under;
  alarms: readonly Alarm[];
  /** What the pipes are coloured by; null: by level and side. */
  colouring: Colouring | null;
}

/** What is shown before the page has said anything. */
const NOTHING_SHOWN: Shown = {
  visible: [],
  tilesets: {},
  selected: null,
  under: NOTHING_UNDER,
  alarms: [],
  colouring: null,
};

/** A solid or a prism under the pointer. */
export type Found = PickedFeature | Post;

function featureOf(object: unknown): Found | null {
  return object !== null && typeof object === "object" && "assetId" in object ? (object as Found) : null;
}

/** Bands of the statistics are made anew whenever they are asked for. */
function sameColouring(one: Colouring | null, other: Colouring | null): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

/** Draws a scene over a map until it is removed. */
export class Scene {
  private readonly overlay: MapLibreOverlay;
  private problems: SceneProblem[] = [];
  private readonly loaded = new Set<string>();
  private layers: Layer[] = [];
  private shown: Shown = NOTHING_SHOWN;
  private posts: Post[] = [];
  private revision = 0;
  readonly painter: FeaturePainter;

  constructor(
    private readonly map: MapLibreMap,
    private readonly statuses: Statuses,
    onHover: (found: Found | null, x: number, y: number) => void,
    private readonly onProblems: (problems: readonly SceneProblem[]) => void,
    private readonly onLoaded: () => void,
  ) {
    this.painter = new FeaturePainter(statuses);
    this.overlay = new MapLibreOverlay({
      onHover: ({ object, x, y }: PickingInfo) => {
        const found = featureOf(object);
        this.painter.hover(found?.assetId ?? null);
        onHover(found, x, y);
      },
      interleaved: false,
      useDevicePixels: 1,
      layers: [],
      onError: (error: Error, layer?: Layer) => this.report(layer?.id ?? "?", error.message),
    });
    map.addControl(this.overlay);
  }

  async show(name: string, city: number): Promise<void> {
    try {
      const document = await getJson<{ layers: LayerJson[] }>(`/scenes/${name}.json`, { city });
      const { layers, problems } = convertLayers(document.layers);
      void this.house(city);
      for (const problem of problems) this.report(problem.layer, problem.message);
      this.layers = layers.map((layer) => this.watched(layer));
      this.draw();
    } catch (error) {
      this.report(name, error instanceof Error ? error.message : String(error));
    }
  }

  /** Ask which building bears the colour of what stands in it; without an answer every solid shows itself alone. */
  private async house(city: number): Promise<void> {
    try {
      const { asset_ids, solid_ids } = await getJson<Bearers>("/scenes/bearers", { city });
      this.painter.house(asset_ids, solid_ids);
      this.settle();
    } catch (error) {
      this.report("bearers", error instanceof Error ? error.message : String(error));
    }
  }

  /** Follow the page's switches, tiles and selection; a layer that is off loads nothing. */
  follow(shown: Shown): void {
    const before = this.shown;
    const { under } = shown;
    const sameUnder = (Object.keys(under) as (keyof Under)[]).every((key) => under[key] === before.under[key]);
    const sameParts = FOLLOWED.every((key) => shown[key] === before[key]);
    const same = sameParts && sameUnder && sameColouring(shown.colouring, before.colouring);
    fadeGround(this.map.getCanvas(), under);
    this.painter.select(shown.selected);
    this.shown = shown;
    if (!same) this.settle();
  }

  /** The map has come to rest, or what it shows has changed: see what stands in its window. */
  settle(): void {
    const { visible, tilesets, colouring } = this.shown;
    this.painter.colour(pipeColours(this.map, this.map.getZoom() >= TUBES_FROM_ZOOM ? colouring : null));
    this.posts = standing(this.map, tilesets, visible, (id) => this.painter.isHoused(id));
    this.draw();
  }

  /** The status of these assets may have changed. */
  mark(ids: readonly number[]): void {
    this.painter.mark(ids);
    const changed = new Set(ids);
    if (!this.posts.some(({ assetId }) => changed.has(assetId))) return;
    this.revision += 1;
    this.draw();
  }

  /** The feature that is drawn at a place of the window; null: there is none. */
  pick(x: number, y: number): Found | null {
    const found = this.overlay.pickObject({ x, y, radius: PICK_RADIUS_PX });
    return featureOf(found?.object);
  }

  /** Where a point at a height over the ground is drawn in the map's window; null while nothing is drawn. */
  project(lon: number, lat: number, heightM: number): [number, number] | null {
    const [layer] = this.drawn();
    const viewport = layer?.context?.viewport;
    if (viewport === undefined) return null;
    const [x = 0, y = 0] = viewport.project([lon, lat, heightM]);
    return [x, y];
  }

  /** Names of the layers whose first content has arrived. */
  get loadedLayers(): string[] {
    return [...this.loaded];
  }

  remove(): void {
    this.map.removeControl(this.overlay);
    fadeGround(this.map.getCanvas(), NOTHING_UNDER);
  }

  private draw(): void {
    this.overlay.setProps({ layers: this.drawn() });
  }

  private drawn(): Layer[] {
    const posts = postsLayers(this.posts, this.statuses, this.shown.selected, this.revision);
    const on = this.layers.filter((layer) => isOn(layer.id, this.shown.visible) && !this.isFlat(layer.id));
    // close by the tubes are the network; further out they are too thin to be seen
    const close = this.map.getZoom() >= TUBES_FROM_ZOOM;
    const tubes = on.some(({ id }) => id === "pipes");
    const apart = on.filter(({ id }) => (close ? !(tubes && id === "network") : id !== "pipes" && id !== "fittings"));
    const { under, alarms, visible } = this.shown;
    const signs = visible.includes("alarms") ? alarmSigns(alarms) : [];
    // glass comes last: what it lets through is drawn before it
    const [solid, glass] = [apart.filter(({ id }) => id !== "buildings"), apart.filter(({ id }) => id === "buildings")];
    return [
      ...solid,
      ...sectionLayers(under),
      ...[...glass, ...posts].map((layer) => seenThrough(layer, under)),
      ...signs,
    ];
  }

  /** Further out a colouring of the pipes is seen on the flat map, which lines of the scene may not hide. */
  private isFlat(layerId: string): boolean {
    return this.shown.colouring !== null && layerId === "network";
  }

  private watched(layer: Layer): Layer {
    const noted = () => {
      this.loaded.add(layer.id);
      this.onLoaded();
    };
    const watches = { onViewportLoad: noted, onTileLoad: noted, onDataLoad: noted };
    if (!(layer instanceof FeatureTilesLayer)) return layer.clone({ ...watches, pickable: false } as object);
    return layer.clone({ ...watches, pickable: true, painter: this.painter } as object);
  }

  private report(layer: string, message: string): void {
    if (this.problems.some((problem) => problem.layer === layer)) return;
    this.problems = [...this.problems, { layer, message }];
    this.onProblems(this.problems);
  }
}
