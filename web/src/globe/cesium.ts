/**
 * CesiumJS as the page finds it: a script of its own beside the viewer (web/scripts/cesium.mjs), not a dependency. Declared
 * here is what the page uses of it and no more; the names and meanings are Cesium's.
 */

import { version } from "../../cesium.json";

export const CESIUM_VERSION = version;
const FOLDER = `/static/cesium-${version}`;

export interface Cartesian2 {
  x: number;
  y: number;
}
export interface Cartesian3 extends Cartesian2 {
  z: number;
}
export interface Cartographic {
  longitude: number;
  latitude: number;
  height: number;
}
export interface Color {
  red: number;
  green: number;
  blue: number;
  alpha: number;
}
export interface Rectangle {
  west: number;
  south: number;
  east: number;
  north: number;
}
export interface CesiumEvent<T extends unknown[]> {
  addEventListener(listener: (...values: T) => void): () => void;
}
export interface Matrix4 {
  readonly length: number;
}

/** One row of a content's property table. */
export interface Feature {
  readonly color: { toCssHexString(): string };
  getProperty(name: string): unknown;
  readonly tileset?: Tileset;
}
export interface ColourExpression {
  evaluateColor(feature: Feature, result?: Color): Color;
}
export interface TilesetStyle {
  color: ColourExpression;
}
export interface Tileset {
  show: boolean;
  style: TilesetStyle | undefined;
  colorBlendMode: number;
  readonly tilesLoaded: boolean;
  readonly asset: { extras?: Record<string, unknown> };
  readonly boundingSphere: { center: Cartesian3; radius: number };
  readonly tileFailed: CesiumEvent<[{ url: string; message: string }]>;
  makeStyleDirty(): void;
}
export interface Camera {
  readonly heading: number;
  readonly pitch: number;
  readonly positionWC: Cartesian3;
  readonly frustum: { readonly fovy: number };
  readonly moveEnd: CesiumEvent<[]>;
  lookAt(target: Cartesian3, offset: unknown): void;
  lookAtTransform(transform: Matrix4): void;
  getPickRay(window: Cartesian2): unknown;
  pickEllipsoid(window: Cartesian2): Cartesian3 | undefined;
}
export interface Globe {
  baseColor: Color;
  undergroundColor: Color;
  showGroundAtmosphere: boolean;
  depthTestAgainstTerrain: boolean;
  maximumScreenSpaceError: number;
  readonly tilesLoaded: boolean;
  readonly translucency: { enabled: boolean; frontFaceAlpha: number; backFaceAlpha: number };
  pick(ray: unknown, scene: Scene): Cartesian3 | undefined;
  getHeight(place: Cartographic): number | undefined;
}
export interface Scene {
  readonly canvas: HTMLCanvasElement;
  readonly camera: Camera;
  readonly globe: Globe;
  readonly fog: { enabled: boolean };
  readonly skyAtmosphere?: { show: boolean };
  readonly primitives: { add(tileset: Tileset): Tileset };
  readonly imageryLayers: { addImageryProvider(provider: unknown): { show: boolean } };
  readonly screenSpaceCameraController: { enableCollisionDetection: boolean };
  readonly postRender: CesiumEvent<[]>;
  readonly renderError: CesiumEvent<[unknown, Error]>;
  backgroundColor: Color;
  light: unknown;
  pick(window: Cartesian2): unknown;
  requestRender(): void;
}
export interface Widget {
  readonly scene: Scene;
  readonly camera: Camera;
  terrainProvider: object;
  destroy(): void;
}

type Make<Options, Made> = new (options: Options) => Made;

export interface CesiumLibrary {
  CesiumWidget: new (container: Element, options: Record<string, unknown>) => Widget;
  Cesium3DTileset: { fromUrl(url: string, options: Record<string, unknown>): Promise<Tileset> };
  Cesium3DTileStyle: Make<{ color: { conditions: [string, string][] } }, TilesetStyle>;
  CustomHeightmapTerrainProvider: Make<Record<string, unknown>, object>;
  UrlTemplateImageryProvider: Make<Record<string, unknown>, object>;
  WebMercatorTilingScheme: new () => object;
  EllipsoidTerrainProvider: new () => object;
  DirectionalLight: Make<{ direction: Cartesian3; intensity?: number }, object>;
  HeadingPitchRange: new (heading: number, pitch: number, range: number) => object;
  Cartesian2: new (x: number, y: number) => Cartesian2;
  Cartesian3: {
    new (x: number, y: number, z: number): Cartesian3;
    fromDegrees(lon: number, lat: number, height?: number): Cartesian3;
    distance(a: Cartesian3, b: Cartesian3): number;
  };
  Cartographic: {
    fromCartesian(position: Cartesian3): Cartographic;
    fromDegrees(lon: number, lat: number): Cartographic;
  };
  ImageBasedLighting: Make<
    { imageBasedLightingFactor: Cartesian2; sphericalHarmonicCoefficients: Cartesian3[] },
    object
  >;
  Cesium3DTileColorBlendMode: { readonly REPLACE: number };
  Color: { fromCssColorString(text: string, result?: Color): Color; clone(colour: Color, result?: Color): Color };
  Matrix4: { readonly IDENTITY: Matrix4 };
  Rectangle: { fromDegrees(west: number, south: number, east: number, north: number): Rectangle };
  ScreenSpaceEventHandler: new (
    canvas: HTMLCanvasElement,
  ) => {
    setInputAction(action: (event: { position: Cartesian2 }) => void, type: number): void;
    destroy(): void;
  };
  ScreenSpaceEventType: { readonly LEFT_CLICK: number };
}

declare global {
  interface Window {
    Cesium?: CesiumLibrary;
    CESIUM_BASE_URL?: string;
  }
}

/** Cesium's build is not beside the viewer. */
export class CesiumMissing extends Error {
  override readonly name = "CesiumMissing";
}

let loading: Promise<CesiumLibrary> | null = null;

/** The library, loaded once a page. Raises `CesiumMissing` where it was left out of the build. */
export function loadCesium(): Promise<CesiumLibrary> {
  loading ??= new Promise((resolve, reject) => {
    window.CESIUM_BASE_URL = FOLDER;
    const script = document.createElement("script");
    script.src = `${FOLDER}/Cesium.js`;
    script.onerror = () => {
      loading = null;
      reject(new CesiumMissing(`${script.src} is not there`));
    };
    script.onload = () => {
      if (window.Cesium === undefined) reject(new CesiumMissing(`${script.src} is not Cesium`));
      else resolve(window.Cesium);
    };
    document.head.append(script);
  });
  return loading;
}
