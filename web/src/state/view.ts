import { LAYER_IDS, type LayerId, VISIBLE_AT_FIRST } from "../layers/ids";
import { readPanel, readWork, type Work, type WorkPanel, writeWork } from "./work";

export const GROUNDS = ["map", "satellite"] as const;
export const DATUMS = ["wgs84", "gcj02", "bd09"] as const;
export type Datum = (typeof DATUMS)[number];

/** How the map looks, beside its layers. */
export interface Look {
  /** What the pipes are coloured by; null: level and side. */
  colouring: string | null;
  ground: (typeof GROUNDS)[number];
  /** The live field over the map. */
  field: string | null;
  /** In which datum coordinates are read; the map itself is always in WGS-84. */
  datum: Datum;
  /** Whether the 3D view looks through the ground. */
  xray: boolean;
  /** How much of the ground is left then, percent. */
  cover: number;
}

/** How much of the ground an x-ray leaves where nobody says otherwise, percent. */
export const COVER = 25;

/** The three ways of looking; "3d" may lie over imagery too. */
export const MODES = ["2d", "3d", "satellite"] as const;
export type Mode = (typeof MODES)[number];
/** From which pitch a city is seen in 3D where nobody says otherwise. */
export const PITCH_3D = 55;

/** Everything a shared link restores. `null` in `camera` means "fit the city". */
export interface View extends Look {
  city: number | null;
  camera: Camera | null;
  mode: "2d" | "3d";
  layers: readonly LayerId[];
  selected: number | null;
  lang: "zh" | "en";
  /** Instant of a replay in ISO 8601, or null for live. */
  at: string | null;
  /** The panel that people work in, or null where none is open. */
  panel: WorkPanel | null;
  /** What the work panels show. */
  work: Work;
}

export interface Camera {
  lon: number;
  lat: number;
  zoom: number;
  pitch: number;
  bearing: number;
}

export const FIRST_VIEW: View = {
  city: null,
  camera: null,
  mode: "2d",
  layers: VISIBLE_AT_FIRST,
  colouring: null,
  ground: "map",
  field: null,
  datum: "wgs84",
  xray: false,
  cover: COVER,
  selected: null,
  lang: "zh",
  at: null,
  panel: null,
  work: {},
};

export function modeOf({ mode, ground }: Pick<View, "mode" | "ground">): Mode {
  return mode === "2d" && ground === "satellite" ? "satellite" : mode;
}

/** The view in another mode: the flat ones choose the ground, 3D keeps it. */
export function withMode(view: View, mode: Mode): View {
  if (mode === "3d") return { ...view, mode };
  return { ...view, mode: "2d", ground: mode === "satellite" ? "satellite" : "map" };
}

function readNumber(query: URLSearchParams, name: string, low: number, high: number): number | null {
  const text = query.get(name);
  if (text === null || text.trim() === "") return null;
  const value = Number(text);
  return Number.isFinite(value) && value >= low && value <= high ? value : null;
}

function readId(query: URLSearchParams, name: string): number | null {
  const value = readNumber(query, name, 1, 2 ** 31 - 1);
  return value !== null && Number.isInteger(value) ? value : null;
}

function readCamera(query: URLSearchParams): Camera | null {
  const lon = readNumber(query, "lon", -180, 180);
  const lat = readNumber(query, "lat", -85, 85);
  const zoom = readNumber(query, "z", 0, 22);
  if (lon === null || lat === null || zoom === null) return null;
  const pitch = readNumber(query, "pitch", 0, 85) ?? (query.get("mode") === "3d" ? PITCH_3D : 0);
  return { lon, lat, zoom, pitch, bearing: readNumber(query, "bearing", -360, 360) ?? 0 };
}

function readLayers(query: URLSearchParams): readonly LayerId[] {
  const text = query.get("layers");
  if (text === null) return FIRST_VIEW.layers;
  const wanted = new Set(text.split(","));
  return LAYER_IDS.filter((id) => wanted.has(id));
}

const NAME = /^[a-z][a-z0-9_-]{0,63}$/;

function readName(query: URLSearchParams, name: string): string | null {
  const text = query.get(name);
  return text !== null && NAME.test(text) ? text : null;
}

function readGround(query: URLSearchParams): Look["ground"] {
  return GROUNDS.find((ground) => ground === query.get("ground")) ?? FIRST_VIEW.ground;
}

function readLook(query: URLSearchParams): Look {
  return {
    colouring: readName(query, "colouring"),
    ground: query.get("mode") === "satellite" ? "satellite" : readGround(query),
    field: readName(query, "field"),
    datum: DATUMS.find((datum) => datum === query.get("datum")) ?? FIRST_VIEW.datum,
    xray: query.get("xray") === "1",
    cover: Math.round(readNumber(query, "cover", 0, 100) ?? COVER),
  };
}

/** Read a view from the query part of an address; anything out of range falls back to the first view. */
export function readView(search: string): View {
  const query = new URLSearchParams(search);
  const at = query.get("at");
  const panel = readPanel(query);
  const selected = readId(query, "sel");
  return {
    city: readId(query, "city"),
    camera: readCamera(query),
    mode: query.get("mode") === "3d" ? "3d" : "2d",
    layers: readLayers(query),
    ...readLook(query),
    selected,
    lang: query.get("lang") === "en" ? "en" : "zh",
    at: at !== null && Number.isFinite(Date.parse(at)) ? new Date(at).toISOString() : null,
    panel,
    work: readWork(query, panel, selected),
  };
}

/** Write a view as the query part of an address; `readView(writeView(v))` gives `v` back up to rounding. */
export function writeView(view: View): string {
  const query = new URLSearchParams();
  if (view.city !== null) query.set("city", String(view.city));
  if (view.camera !== null) writeCamera(query, view.camera, view.mode === "3d" ? PITCH_3D : 0);
  const mode = modeOf(view);
  if (mode !== "2d") query.set("mode", mode);
  if (view.layers.join() !== FIRST_VIEW.layers.join()) query.set("layers", view.layers.join(","));
  if (view.colouring !== null) query.set("colouring", view.colouring);
  if (view.ground !== FIRST_VIEW.ground && mode === "3d") query.set("ground", view.ground);
  if (view.field !== null) query.set("field", view.field);
  if (view.datum !== FIRST_VIEW.datum) query.set("datum", view.datum);
  if (view.xray) query.set("xray", "1");
  if (view.xray && view.cover !== COVER) query.set("cover", String(view.cover));
  if (view.selected !== null) query.set("sel", String(view.selected));
  if (view.lang !== "zh") query.set("lang", view.lang);
  if (view.at !== null) query.set("at", view.at);
  if (view.panel !== null) query.set("panel", view.panel);
  writeWork(query, view.work, view.panel, view.selected);
  const text = query.toString().replaceAll("%2C", ",").replaceAll("%3A", ":").replaceAll("%3B", ";");
  return text === "" ? "" : `?${text}`;
}

function writeCamera(query: URLSearchParams, camera: Camera, usualPitch: number): void {
  query.set("lon", camera.lon.toFixed(5));
  query.set("lat", camera.lat.toFixed(5));
  query.set("z", camera.zoom.toFixed(2));
  if (Math.round(camera.pitch) !== usualPitch) query.set("pitch", camera.pitch.toFixed(0));
  if (camera.bearing !== 0) query.set("bearing", camera.bearing.toFixed(0));
}
