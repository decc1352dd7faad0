import type { Correction } from "../api/records";
import type {
  Alarm,
  Asset,
  City,
  Colouring,
  Contents,
  Field,
  Impact,
  Raster,
  Rollout,
  Seat,
  Section,
  Session,
} from "../api/shapes";
import type { Bands } from "../layers/definition";
import type { LayerId } from "../layers/ids";
import type { Connection } from "../live/feed";
import { type Clock, NO_CLOCK } from "./clock";
import { type MarkFeature, type Marks, NO_MARKS } from "./marks";
import { NO_OVERLAY, type Overlay } from "./overlay";
import { IDLE, LOADING, type Remote } from "./remote";
import { NO_ROLLOUT_MAP, type RolloutMap } from "./rolloutMap";
import type { Position, Tool } from "./shapes";
import { type Camera, FIRST_VIEW, type Look, type Mode, type View, withMode } from "./view";
import { patched, type WorkKey, type WorkPanel } from "./work";

/** Hours that a curve may go back: from minutes to a heating season of half a year. */
export const CURVE_SPANS = { hour: 1, hours: 6, day: 24, week: 168, month: 720, season: 4344 } as const;
export type CurveSpan = keyof typeof CURVE_SPANS;

/** One point of an asset over time; arrays side by side, null = none. */
export interface CurveLine {
  name: string;
  label_zh: string;
  unit: string;
  /** A register: what it has risen by is shown, not where it stands. */
  total: boolean;
  /** Length of the buckets in seconds; 0 = single readings. */
  every_s: number;
  /** Epoch milliseconds; where buckets begin. */
  at: number[];
  values: (number | null)[];
  quality: number[];
  /** Of buckets only. */
  min: (number | null)[] | null;
  max: (number | null)[] | null;
  increase: (number | null)[] | null;
  count: number[] | null;
  /** Readings that a person has corrected. */
  corrections?: readonly Correction[];
}

/** A curve of one asset: one line a point. */
export interface Curve {
  asset_id: number;
  span: CurveSpan;
  lines: CurveLine[];
}

/** Where the map is asked to go; `count` tells two equal wishes apart. */
export type Goal =
  | { to: "point"; position: [number, number]; zoom: number; count: number }
  | {
      to: "box";
      box: [number, number, number, number];
      animated: boolean;
      closest?: number | undefined;
      count: number;
    };

export interface Drawing {
  tool: Tool;
  points: readonly Position[];
}

/** Clicks on assets of these kinds (null: of any) go to a key of the address. */
export interface Picking {
  key: WorkKey;
  kinds: readonly string[] | null;
}

export interface LiveState {
  connection: Connection;
  /** When the feed was lost, in epoch milliseconds of this machine. */
  lostAtMs: number | null;
  /** Number of assets by status code. */
  counts: readonly number[];
  /** Rises with every message that changed something. */
  revision: number;
}

export interface AppState {
  view: View;
  goal: Goal | null;
  session: Remote<Session>;
  seats: Remote<Seat[]>;
  cities: Remote<City[]>;
  tilesets: Remote<Record<string, TileJson>>;
  rasters: readonly Raster[];
  /** What the pipes can be coloured by, with the legends. */
  colourings: Remote<readonly Colouring[]>;
  /** Live fields that the server has for the city. */
  fields: readonly Field[];
  live: LiveState;
  clock: Clock;
  /** Seconds of the past that a replay plays in one second; 0 = paused. */
  replaySpeed: number;
  alarms: Remote<Alarm[]>;
  rollout: Remote<Rollout>;
  /** What the map of the rollout shows beside its tiles. */
  rolloutMap: RolloutMap;
  contents: Remote<Contents>;
  asset: Remote<Asset>;
  impact: Remote<Impact>;
  curve: Remote<Curve>;
  /** How far back the curve goes. */
  curveSpan: CurveSpan;
  /** What the open panel draws over the map. */
  overlay: Overlay;
  /** What the open tool of a planner draws over the map. */
  marks: Marks;
  /** Signs of what the sandbox supposes, drawn with the marks. */
  supposed: readonly MarkFeature[];
  /** The assets that a person picks on the map; null: clicks select. */
  picking: Picking | null;
  /** The shape that a person is drawing; null: clicks select. */
  drawing: Drawing | null;
  /** The vertical section that the open panel shows, for the 3D view. */
  section: Section | null;
  /** Where a point of the asset that is edited stands now; it can be dragged on the map. */
  handle: Position | null;
  /** Bands by which the statistics colour the pipes. */
  bands: Bands | null;
  /** Rises with every decision that changes the archive: panels ask again. */
  archiveRevision: number;
  /** Layers of the 3D scene that could not be drawn, with the reason. */
  sceneProblems: readonly { layer: string; message: string }[];
  notice: string | null;
}

/** The part of a TileJSON 3 document that the map reads. */
export interface TileJson {
  tiles: string[];
  version?: string;
  minzoom: number;
  maxzoom: number;
  bounds?: [number, number, number, number];
  attribution?: string;
  /** `codes` says what the small integers of a layer mean: field, then code, then name. */
  vector_layers: { id: string; codes: Record<string, Record<string, string>> }[];
}

export type Action =
  | { type: "view/restored"; view: View }
  | { type: "view/moved"; camera: Camera }
  | { type: "view/mode"; mode: Mode }
  | { type: "view/layer"; layer: LayerId; on: boolean }
  | { type: "view/look"; look: Partial<Look> }
  | { type: "view/lang"; lang: "zh" | "en" }
  | { type: "view/city"; city: number }
  | { type: "view/selected"; assetId: number | null }
  | { type: "view/live" }
  | { type: "view/panel"; panel: WorkPanel | null }
  | { type: "view/work"; patch: Partial<Record<WorkKey, string | null>> }
  | { type: "goal/point"; position: [number, number]; zoom: number }
  | { type: "goal/box"; box: [number, number, number, number]; animated: boolean; closest?: number }
  | { type: "session"; session: Remote<Session> }
  | { type: "seats"; seats: Remote<Seat[]> }
  | { type: "cities"; cities: Remote<City[]> }
  | { type: "tilesets"; tilesets: Remote<Record<string, TileJson>>; rasters: readonly Raster[] }
  | { type: "colourings"; colourings: Remote<readonly Colouring[]> }
  | { type: "fields"; fields: readonly Field[] }
  | { type: "live/connection"; connection: Connection; localMs: number }
  | {
      type: "live/message";
      asOfMs: number;
      localMs: number;
      counts: readonly number[];
      changed: number;
      /** Of a replay. */
      past?: boolean;
    }
  | { type: "replay/at"; at: string }
  | { type: "replay/seek"; at: string }
  | { type: "replay/speed"; speed: number }
  | { type: "alarms"; alarms: Remote<Alarm[]> }
  | { type: "rollout"; rollout: Remote<Rollout> }
  | { type: "rollout/map"; patch: Partial<RolloutMap> }
  | { type: "contents"; contents: Remote<Contents> }
  | { type: "asset"; asset: Remote<Asset> }
  | { type: "impact"; impact: Remote<Impact> }
  | { type: "curve"; curve: Remote<Curve> }
  | { type: "curve/span"; span: CurveSpan }
  | { type: "overlay"; overlay: Overlay }
  | { type: "section"; section: Section | null }
  | { type: "marks"; marks: Marks }
  | { type: "supposed"; supposed: readonly MarkFeature[] }
  | { type: "picking"; picking: Picking | null }
  | { type: "draw/tool"; tool: Tool | null }
  | { type: "draw/points"; points: readonly Position[] }
  | { type: "handle"; position: Position | null }
  | { type: "bands"; bands: Bands | null }
  | { type: "archive/changed" }
  | { type: "scene/problems"; problems: AppState["sceneProblems"] }
  | { type: "notice"; text: string | null };

const NO_COUNTS = [0, 0, 0, 0, 0, 0, 0, 0, 0];

export function firstState(view: View = FIRST_VIEW): AppState {
  return {
    view,
    goal: null,
    session: IDLE,
    seats: IDLE,
    cities: IDLE,
    tilesets: IDLE,
    rasters: [],
    colourings: IDLE,
    fields: [],
    live: { connection: "connecting", lostAtMs: null, counts: NO_COUNTS, revision: 0 },
    clock: view.at === null ? NO_CLOCK : { mode: "replay", asOfMs: Date.parse(view.at) },
    replaySpeed: 0,
    alarms: IDLE,
    rollout: IDLE,
    rolloutMap: NO_ROLLOUT_MAP,
    contents: IDLE,
    asset: IDLE,
    impact: IDLE,
    curve: IDLE,
    curveSpan: "hours",
    overlay: NO_OVERLAY,
    marks: NO_MARKS,
    supposed: NO_MARKS.features,
    picking: null,
    drawing: null,
    section: null,
    handle: null,
    bands: null,
    archiveRevision: 0,
    sceneProblems: [],
    notice: null,
  };
}

/** The whole state machine of the page; pure. */
export function reduce(state: AppState, action: Action): AppState {
  if (action.type.startsWith("view/")) return reduceView(state, action);
  if (action.type.startsWith("live/")) return reduceLive(state, action);
  if (action.type.startsWith("replay/")) return reduceReplay(state, action);
  if (action.type.startsWith("goal/")) return reduceGoal(state, action);
  if (action.type.startsWith("draw/")) return reduceDrawing(state, action);
  return reduceRemote(state, action);
}

function reduceView(state: AppState, action: Action): AppState {
  const view = state.view;
  switch (action.type) {
    case "view/restored":
      return {
        ...withSelection({ ...state, view: action.view }, action.view.selected !== view.selected),
        view: action.view,
      };
    case "view/moved":
      return { ...state, view: { ...view, camera: action.camera } };
    case "view/mode":
      return { ...state, view: withMode(view, action.mode), sceneProblems: [] };
    case "view/layer":
      return { ...state, view: { ...view, layers: switched(view.layers, action.layer, action.on) } };
    case "view/look":
      return { ...state, view: { ...view, ...action.look } };
    case "view/lang":
      return { ...state, view: { ...view, lang: action.lang } };
    case "view/city":
      return changeCity(state, action.city);
    case "view/selected":
      return withSelection({ ...state, view: { ...view, selected: action.assetId } }, action.assetId !== view.selected);
    case "view/live":
      return { ...state, view: { ...view, at: null }, clock: NO_CLOCK, replaySpeed: 0 };
    case "view/panel":
      return { ...cleared(state), view: { ...view, panel: action.panel } };
    case "view/work":
      return { ...state, view: { ...view, work: patched(view.work, action.patch) } };
    default:
      return state;
  }
}

/** Nothing of the panel that was open is left on the map. */
function cleared(state: AppState): AppState {
  return { ...state, overlay: NO_OVERLAY, marks: NO_MARKS, picking: null, drawing: null, section: null };
}

function withSelection(state: AppState, changed: boolean): AppState {
  if (!changed) return state;
  const next = state.view.selected === null ? IDLE : LOADING;
  // another asset is shown as it is now, with its facts first
  const view = { ...state.view, work: patched(state.view.work, { tab: null, as_of: null }) };
  return { ...state, view, asset: next, impact: next, curve: next, handle: null };
}

function changeCity(state: AppState, city: number): AppState {
  if (city === state.view.city) return state;
  // the first city of a page is the one that the address left out; the rest of the address holds
  if (state.view.city === null) return { ...state, view: { ...state.view, city } };
  const fresh = firstState({ ...state.view, city, camera: null, selected: null, work: {} });
  return { ...fresh, session: state.session, seats: state.seats, cities: state.cities };
}

function switched(layers: readonly LayerId[], layer: LayerId, on: boolean): readonly LayerId[] {
  const others = layers.filter((id) => id !== layer);
  return on ? [...others, layer] : others;
}

function reduceLive(state: AppState, action: Action): AppState {
  const live = state.live;
  if (action.type === "live/connection") {
    const lostAtMs = action.connection === "lost" ? (live.lostAtMs ?? action.localMs) : null;
    return { ...state, live: { ...live, connection: action.connection, lostAtMs } };
  }
  if (action.type === "live/message") {
    const revision = live.revision + (action.changed > 0 ? 1 : 0);
    const clock: Clock =
      action.past === true
        ? { mode: "replay", asOfMs: action.asOfMs }
        : { mode: "live", asOfMs: action.asOfMs, receivedAtMs: action.localMs };
    return { ...state, clock, live: { ...live, counts: action.counts, revision } };
  }
  return state;
}

/** The address keeps where a replay is; its clock follows the messages. */
function reduceReplay(state: AppState, action: Action): AppState {
  switch (action.type) {
    case "replay/at":
      return { ...state, view: { ...state.view, at: action.at } };
    case "replay/seek":
      return {
        ...state,
        view: { ...state.view, at: action.at },
        clock: { mode: "replay", asOfMs: Date.parse(action.at) },
      };
    case "replay/speed":
      return { ...state, replaySpeed: action.speed };
    default:
      return state;
  }
}

function reduceGoal(state: AppState, action: Action): AppState {
  const count = (state.goal?.count ?? 0) + 1;
  if (action.type === "goal/point") {
    return { ...state, goal: { to: "point", position: action.position, zoom: action.zoom, count } };
  }
  return action.type === "goal/box"
    ? { ...state, goal: { to: "box", box: action.box, animated: action.animated, closest: action.closest, count } }
    : state;
}

function reduceDrawing(state: AppState, action: Action): AppState {
  if (action.type === "draw/tool") {
    return { ...state, drawing: action.tool === null ? null : { tool: action.tool, points: [] } };
  }
  if (action.type === "draw/points" && state.drawing !== null) {
    return { ...state, drawing: { ...state.drawing, points: action.points } };
  }
  return state;
}

function reduceRemote(state: AppState, action: Action): AppState {
  switch (action.type) {
    case "session":
      return { ...state, session: action.session };
    case "seats":
      return { ...state, seats: action.seats };
    case "cities":
      return { ...state, cities: action.cities };
    case "tilesets":
      return { ...state, tilesets: action.tilesets, rasters: action.rasters };
    case "colourings":
      return { ...state, colourings: action.colourings };
    case "fields":
      return { ...state, fields: action.fields };
    case "alarms":
      return { ...state, alarms: action.alarms };
    case "rollout":
      return { ...state, rollout: action.rollout };
    case "rollout/map":
      return { ...state, rolloutMap: { ...state.rolloutMap, ...action.patch } };
    case "contents":
      return { ...state, contents: action.contents };
    case "asset":
      return { ...state, asset: action.asset };
    case "impact":
      return { ...state, impact: action.impact };
    case "curve":
      // an answer that was asked for before the span was changed comes too late
      if (action.curve.state === "ready" && action.curve.value.span !== state.curveSpan) return state;
      return { ...state, curve: action.curve };
    case "curve/span":
      return { ...state, curveSpan: action.span };
    case "section":
      return { ...state, section: action.section };
    case "overlay":
      return { ...state, overlay: action.overlay };
    case "marks":
      return { ...state, marks: action.marks };
    case "supposed":
      return { ...state, supposed: action.supposed };
    case "picking":
      return { ...state, picking: action.picking };
    case "handle":
      return { ...state, handle: action.position };
    case "bands":
      return { ...state, bands: action.bands };
    case "archive/changed":
      return { ...state, archiveRevision: state.archiveRevision + 1 };
    case "scene/problems":
      return { ...state, sceneProblems: action.problems };
    case "notice":
      return { ...state, notice: action.text };
    default:
      return state;
  }
}

/** The city that the view names, or null until the list is here. */
export function currentCity(state: AppState): City | null {
  if (state.cities.state !== "ready") return null;
  return state.cities.value.find((city) => city.city_id === state.view.city) ?? null;
}

/** Status codes are counted over substations and everything else the feed names. */
export function activeAlarmCount(alarms: readonly Alarm[]): number {
  return alarms.filter((alarm) => alarm.active).length;
}
