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
import type { LayerId } from "../layers/ids";
import { loadOptionsOf } from "./tiles3d/device";
import { FeatureTilesLayer, type PickedFeature } from "./tiles3d/FeatureTilesLayer";
import { FeaturePainter, type Statuses } from "./tiles3d/features";

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

const PICK_RADIUS_PX = 2;

function featureOf(object: unknown): PickedFeature | null {
  return object !== null && typeof object === "object" && "assetId" in object ? (object as PickedFeature) : null;
}

/** Draws a scene over a map until it is removed. */
export class Scene {
  private readonly overlay: MapLibreOverlay;
  private problems: SceneProblem[] = [];
  private readonly loaded = new Set<string>();
  private layers: Layer[] = [];
  private visible: readonly LayerId[] = [];
  readonly painter: FeaturePainter;

  constructor(
    private readonly map: MapLibreMap,
    statuses: Statuses,
    private readonly onHover: (found: PickedFeature | null, x: number, y: number) => void,
    private readonly onProblems: (problems: readonly SceneProblem[]) => void,
    private readonly onLoaded: () => void,
  ) {
    this.painter = new FeaturePainter(statuses);
    this.overlay = new MapLibreOverlay({
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
      for (const problem of problems) this.report(problem.layer, problem.message);
      this.layers = layers.map((layer) => this.watched(layer));
      this.draw();
    } catch (error) {
      this.report(name, error instanceof Error ? error.message : String(error));
    }
  }

  /** Follow the page's switches; a layer that is off loads nothing. */
  follow(visible: readonly LayerId[]): void {
    if (visible === this.visible) return;
    this.visible = visible;
    this.draw();
  }

  /** The feature that is drawn at a place of the window; null: there is none. */
  pick(x: number, y: number): PickedFeature | null {
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
  }

  private draw(): void {
    this.overlay.setProps({ layers: this.drawn() });
  }

  private drawn(): Layer[] {
    return this.layers.filter((layer) => isOn(layer.id, this.visible));
  }

  private watched(layer: Layer): Layer {
    const noted = () => {
      this.loaded.add(layer.id);
      this.onLoaded();
    };
    const watches = { onViewportLoad: noted, onTileLoad: noted, onDataLoad: noted };
    if (!(layer instanceof FeatureTilesLayer)) return layer.clone({ ...watches, pickable: false } as object);
    const onHover = ({ object, x, y }: PickingInfo) => {
      const found = featureOf(object);
      this.painter.hover(found?.assetId ?? null);
      this.onHover(found, x, y);
    };
    return layer.clone({ ...watches, pickable: true, painter: this.painter, onHover } as object);
  }

  private report(layer: string, message: string): void {
    if (this.problems.some((problem) => problem.layer === layer)) return;
    this.problems = [...this.problems, { layer, message }];
    this.onProblems(this.problems);
  }
}
