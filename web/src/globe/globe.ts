/** Drives CesiumJS: the city's tilesets on its own ground, colours, picking, camera. Knows nothing of React. */

import { address } from "../api/client";
import type { Raster } from "../api/shapes";
import { imageryOf } from "../layers/satellite";
import type { Camera as View } from "../state/view";
import { daylight, rangeOfZoom, zoomOfBox, zoomOfRange } from "./camera";
import type { Cartesian2, Cartesian3, CesiumLibrary, Feature, Tileset, Widget } from "./cesium";
import { idOf, isOurs, type Look, styleOf } from "./styles";
import { GRID, Ground } from "./terrain";

/** What a picked object says of itself. */
export interface Picked {
  tileset: string;
  assetId: number;
  columns: Record<string, string | number>;
}

export interface GlobeEvents {
  onProblem(what: string, message: string): void;
  onPicked(picked: Picked | null): void;
  onMoved(view: View): void;
  /** All that can be seen from here is drawn. */
  onSettled(): void;
}

const COLUMNS = ["code", "name", "height", "depth", "dn", "outer_diameter"];
/** From here the eye looks at a city that nobody has looked at before. */
const FIRST_PITCH_DEG = 45;
/** Colours follow the feed, but a wave of messages is one repaint. */
const REPAINT_MS = 250;
/** Light from all sides; what is left of 1 comes from the sun. */
const AMBIENT = 0.4;

export class Globe {
  private readonly widget: Widget;
  private readonly tilesets = new Map<string, Tileset>();
  private readonly clicks: { destroy(): void };
  private repaint: ReturnType<typeof setTimeout> | undefined;
  private groundM = 0;
  private gone = false;

  constructor(
    private readonly cesium: CesiumLibrary,
    container: HTMLElement,
    private readonly look: Look,
    private readonly events: GlobeEvents,
  ) {
    this.widget = new cesium.CesiumWidget(container, {
      baseLayer: false,
      terrainProvider: new cesium.EllipsoidTerrainProvider(),
      skyBox: false,
      skyAtmosphere: false,
      // nothing moves by itself: a picture is drawn when something has changed
      requestRenderMode: true,
      maximumRenderTimeChange: Number.POSITIVE_INFINITY,
      useBrowserRecommendedResolution: true,
      creditContainer: document.createElement("div"),
      showRenderLoopErrors: false,
      msaaSamples: 1,
    });
    this.prepareScene();
    this.clicks = this.listen();
  }

  /** Lay the city's own ground and picture over the ellipsoid, as high as its tilesets (load them first) say it lies. */
  async layGround(rasters: readonly Raster[], city: number): Promise<void> {
    const geoidHeightM = this.geoidHeightM();
    this.layPicture(rasters, city);
    const heights = rasters.find(({ style }) => style === "terrain" || style === "hillshade");
    if (heights === undefined) {
      this.groundM = geoidHeightM;
      return;
    }
    const ground = new Ground(heights, city, geoidHeightM);
    try {
      this.groundM = await ground.middleM();
      if (this.gone) return;
      const { CustomHeightmapTerrainProvider, WebMercatorTilingScheme } = this.cesium;
      const callback = (x: number, y: number, level: number) => ground.grid(x, y, level);
      const tilingScheme = new WebMercatorTilingScheme();
      const shape = { width: GRID, height: GRID, callback, tilingScheme };
      this.widget.terrainProvider = new CustomHeightmapTerrainProvider(shape);
    } catch (error) {
      this.events.onProblem("ground", messageOf(error));
    }
  }

  async load(name: string, url: string): Promise<void> {
    try {
      const tileset = await this.cesium.Cesium3DTileset.fromUrl(url, {
        maximumScreenSpaceError: 16,
        // light out of an atmosphere costs more than the buildings
        environmentMapOptions: { enabled: false },
        imageBasedLighting: this.evenLight(),
      });
      if (this.gone) return;
      // models of others keep the looks they came with
      if (isOurs(name)) {
        tileset.style = styleOf(this.cesium, name, this.look);
        // the colours of the legend, not a product of them with the material
        tileset.colorBlendMode = this.cesium.Cesium3DTileColorBlendMode.REPLACE;
      }
      tileset.tileFailed.addEventListener(({ message }) => this.events.onProblem(name, message));
      this.widget.scene.primitives.add(tileset);
      this.tilesets.set(name, tileset);
      this.draw();
    } catch (error) {
      this.events.onProblem(name, messageOf(error));
    }
  }

  show(name: string, shown: boolean): void {
    const tileset = this.tilesets.get(name);
    if (tileset === undefined) return;
    tileset.show = shown;
    this.draw();
  }

  /** 1 = solid ground; less lets what lies below be seen, 0 leaves none of it. */
  setGroundOpacity(alpha: number): void {
    const { translucency } = this.widget.scene.globe;
    translucency.enabled = alpha < 1;
    translucency.frontFaceAlpha = alpha;
    translucency.backFaceAlpha = alpha;
    this.draw();
  }

  /** The look has changed: colour everything again, soon. */
  recolour(): void {
    this.repaint ??= setTimeout(() => {
      this.repaint = undefined;
      for (const tileset of this.tilesets.values()) tileset.makeStyleDirty();
      this.draw();
    }, REPAINT_MS);
  }

  lookAt(view: View): void {
    const { camera } = this.widget;
    const target = this.cesium.Cartesian3.fromDegrees(
      view.lon,
      view.lat,
      this.heightAt(view.lon, view.lat) ?? this.groundM,
    );
    const range = rangeOfZoom(view.zoom, view.lat, this.canvas.clientHeight || 1, camera.frustum.fovy);
    this.lightFrom(view.lon, view.lat);
    const rad = Math.PI / 180;
    // straight down has no bearing of its own
    const pitch = -(90 - Math.min(89.9, Math.max(0.1, view.pitch))) * rad;
    camera.lookAt(target, new this.cesium.HeadingPitchRange(view.bearing * rad, pitch, range));
    camera.lookAtTransform(this.cesium.Matrix4.IDENTITY);
    this.draw();
  }

  /** A sun in the south-west over a place: Cesium's own follows the hour, and half the day is night. */
  private lightFrom(lon: number, lat: number): void {
    const { scene } = this.widget;
    const { DirectionalLight, Cartesian3 } = this.cesium;
    const [x, y, z] = daylight(lon, lat);
    scene.light = new DirectionalLight({ direction: new Cartesian3(x, y, z), intensity: 1.8 });
  }

  /** The same grey from everywhere: Cesium's own sky would tint the colours of the legend blue. */
  private evenLight(): object {
    const { Cartesian2, Cartesian3, ImageBasedLighting } = this.cesium;
    const [all, none] = [new Cartesian3(AMBIENT, AMBIENT, AMBIENT), new Cartesian3(0, 0, 0)];
    return new ImageBasedLighting({
      imageBasedLightingFactor: new Cartesian2(1, 0),
      sphericalHarmonicCoefficients: [all, ...Array(8).fill(none)],
    });
  }

  lookAtBox(box: readonly [number, number, number, number]): void {
    const [west, south, east, north] = box;
    const zoom = zoomOfBox(box, this.canvas.clientWidth || 1, this.canvas.clientHeight || 1);
    this.lookAt({ lon: (west + east) / 2, lat: (south + north) / 2, zoom, pitch: FIRST_PITCH_DEG, bearing: 0 });
  }

  /** Whether all that can be seen from here is drawn. */
  get settled(): boolean {
    const { globe } = this.widget.scene;
    return globe.tilesLoaded && [...this.tilesets.values()].every((tileset) => !tileset.show || tileset.tilesLoaded);
  }

  get names(): string[] {
    return [...this.tilesets.keys()];
  }

  pickAt(position: Cartesian2): Picked | null {
    const feature = this.featureAt(position);
    if (feature === null) return null;
    const assetId = idOf(feature);
    if (assetId === null) return null;
    const tileset = [...this.tilesets].find(([, one]) => one === feature.tileset)?.[0] ?? "";
    const columns: Picked["columns"] = {};
    for (const name of COLUMNS) {
      const value = feature.getProperty(name);
      if (typeof value === "string" ? value !== "" : typeof value === "number")
        columns[name] = value as string | number;
    }
    return { tileset, assetId, columns };
  }

  /** Colour of the object at a place of the window, as `#rrggbb`; null where there is none. */
  colourAt(position: Cartesian2): string | null {
    return this.featureAt(position)?.color.toCssHexString().slice(0, 7) ?? null;
  }

  /** Height of the drawn ground in metres above the ellipsoid; null where none is drawn yet. */
  heightAt(lon: number, lat: number): number | null {
    return this.widget.scene.globe.getHeight(this.cesium.Cartographic.fromDegrees(lon, lat)) ?? null;
  }

  destroy(): void {
    this.gone = true;
    clearTimeout(this.repaint);
    this.clicks.destroy();
    this.widget.destroy();
  }

  private featureAt(position: Cartesian2): Feature | null {
    const found = this.widget.scene.pick(position) as Partial<Feature> | undefined;
    return found?.getProperty === undefined ? null : (found as Feature);
  }

  private get canvas(): HTMLCanvasElement {
    return this.widget.scene.canvas;
  }

  private prepareScene(): void {
    const { scene } = this.widget;
    const { Color } = this.cesium;
    const dark = Color.fromCssColorString("#0b1624");
    scene.backgroundColor = dark;
    scene.globe.baseColor = Color.fromCssColorString("#1d3552");
    scene.globe.undergroundColor = dark;
    scene.globe.showGroundAtmosphere = false;
    // what is under the ground is hidden by it until the ground is made clear
    scene.globe.depthTestAgainstTerrain = true;
    scene.globe.maximumScreenSpaceError = 3;
    scene.fog.enabled = false;
    scene.screenSpaceCameraController.enableCollisionDetection = false;
    scene.renderError.addEventListener((_, error) => this.events.onProblem("render", messageOf(error)));
    scene.postRender.addEventListener(() => this.settle());
    scene.camera.moveEnd.addEventListener(() => this.moved());
  }

  private layPicture(rasters: readonly Raster[], city: number): void {
    const shown = imageryOf(rasters) ?? rasters.find(({ style }) => style === "hillshade");
    if (shown === undefined) return;
    const provider = new this.cesium.UrlTemplateImageryProvider({
      url: address(`/raster/${shown.layer}/{z}/{x}/{y}`, { city }),
      rectangle: this.cesium.Rectangle.fromDegrees(...(shown.bounds as [number, number, number, number])),
      minimumLevel: shown.minzoom,
      maximumLevel: shown.maxzoom,
    });
    this.widget.scene.imageryLayers.addImageryProvider(provider);
  }

  private listen(): { destroy(): void } {
    const clicks = new this.cesium.ScreenSpaceEventHandler(this.canvas);
    clicks.setInputAction(
      ({ position }) => this.events.onPicked(this.pickAt(position)),
      this.cesium.ScreenSpaceEventType.LEFT_CLICK,
    );
    return clicks;
  }

  private moved(): void {
    const view = this.view();
    if (view !== null) this.events.onMoved(view);
  }

  /** What the map would call the present view; null when the middle of the window is no ground. */
  private view(): View | null {
    const { scene, camera } = this.widget;
    const { Cartesian2, Cartesian3, Cartographic } = this.cesium;
    const middle = new Cartesian2(this.canvas.clientWidth / 2, this.canvas.clientHeight / 2);
    const place: Cartesian3 | undefined =
      scene.globe.pick(camera.getPickRay(middle), scene) ?? camera.pickEllipsoid(middle);
    if (place === undefined) return null;
    const range = Cartesian3.distance(camera.positionWC, place);
    const deg = 180 / Math.PI;
    const { longitude, latitude } = Cartographic.fromCartesian(place);
    const [lon, lat] = [longitude * deg, latitude * deg];
    const zoom = zoomOfRange(range, lat, this.canvas.clientHeight || 1, camera.frustum.fovy);
    const bearing = ((camera.heading * deg + 540) % 360) - 180;
    return { lon, lat, zoom, pitch: Math.min(85, Math.max(0, 90 + camera.pitch * deg)), bearing };
  }

  /** What the tilesets add to heights above sea level; the same for all of a city. */
  private geoidHeightM(): number {
    for (const { asset } of this.tilesets.values()) {
      const told = Number(asset.extras?.geoid_height_m);
      if (Number.isFinite(told)) return told;
    }
    return 0;
  }

  private settle(): void {
    if (!this.gone && this.settled) this.events.onSettled();
  }

  private draw(): void {
    this.widget.scene.requestRender();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
