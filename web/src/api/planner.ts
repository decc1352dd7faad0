/** Requests of the planners' tools, one function each, and the shapes of their answers. */

import type { Sandbox } from "../state/sandbox";
import { bodyOf } from "../state/sandbox";
import { getJson, type Query, sendJson } from "./client";
import type { Figures, Impact } from "./shapes";
import type { components } from "./types.gen";

export type Finding = components["schemas"]["FindingModel"];
export type LonLat = [number, number];

export interface Named {
  asset_id: number;
  name: string;
}

/** A list of assets with what they add up to, and whom it concerns. */
export interface Ring extends Figures {
  estates?: (Named & { buildings: number })[];
  companies?: (Named & { buildings: number })[];
  hospitals?: Named[];
  schools?: Named[];
}

/** Band of GB/T 43097-2023 of a fault, and what stands still for how long. */
export interface Fault {
  band: string;
  label_zh: string;
  label_en: string;
  restore_within_h: number | null;
  affected_area_m2: number;
  stopped_area_hours_m2_h: number | null;
  repair_h: number | null;
}

export interface Hours {
  min: number | null;
  median: number | null;
  max: number | null;
}

/** How long rooms stay warm. */
export interface Cooling {
  outdoor_degc: number | null;
  outdoor_source: "parameter" | "weather_station" | "design";
  to_18_degc_h: Hours;
  to_0_degc_h: Hours;
  assumptions: string[];
}

/** The three lists of an impact, with the fault's band and the cooling where the server tells them. */
export type Cut = Omit<Impact, "reach" | "lost" | "degraded"> & {
  reach: Ring;
  lost: Ring;
  degraded: Ring;
  fault?: Fault | null;
  cooling?: Cooling | null;
};

export const QUESTIONS = [
  "impact",
  "downstream",
  "upstream",
  "connected",
  "sources",
  "supply_area",
  "path",
  "declared",
] as const;
export type Question = (typeof QUESTIONS)[number];

export interface TraceBody {
  question: Question | "isolation";
  asset_ids: readonly number[];
  to?: number;
  geometry?: boolean;
  ids?: "assets" | "buildings" | "segments" | "none";
}

export interface Feeding extends Named {
  kind: string;
  running: boolean;
  length_m: number;
  valves_to_open: number[];
}

export interface SourcesReply {
  now: Feeding[];
  could: Feeding[];
}

export interface PathReply {
  found: boolean;
  length_m: number;
  pipes: number[];
  valves: number[];
  closed_valves: number[];
  substations: Named[];
}

export interface Link extends Named {
  kind: string;
  role: "user" | "substation" | "source" | "branch" | "company";
}

export interface DeclaredReply {
  declared: Link[];
  traced: Link[];
  differences: { role: string; declared: number; traced: number[] }[];
}

export interface Operability {
  state: "open" | "closed" | "unknown";
  operability: "usable" | "stuck" | "no_access" | "tagged_out";
}

export interface ValveToOperate extends Operability {
  asset_id: number;
  code: string;
  name: string;
  side: string;
  role: "close" | "closed_already" | "cannot_close";
  position: LonLat | null;
}

export interface GivenBack {
  buildings: number;
  heat_user_count: number;
  heated_area_m2: number;
  heat_load_mw: number;
}

export interface Alternative {
  valves: (Operability & { asset_id: number; code: string; name: string; position: LonLat | null })[];
  gives_back: GivenBack;
  capacity: { running_mw: number; load_mw: number; enough: boolean } | null;
}

export interface Isolation {
  asset_ids: number[];
  segments: number[];
  valves: ValveToOperate[];
  order: number[];
  grown_through: number[];
  drained_m3: number;
  drained_pipe_length_m: number;
  lost: Ring;
  alternatives: Alternative[];
  network_version: number;
  valve_version: number;
  geometry?: GeoJSON.FeatureCollection | null;
}

export interface CriticalSegment {
  segment_id: number;
  side: string;
  pipe_length_m: number;
  buildings_lost: number;
  users_lost: number;
  area_lost_m2: number;
  users_short: number;
  position: LonLat | null;
  label: string;
}

export type PlanState = "planned" | "running" | "finished" | "cancelled";
export const PLAN_STATES: readonly PlanState[] = ["planned", "running", "finished", "cancelled"];

export interface PlanConflict {
  plan_id: number;
  title: string;
  from_at: string;
  to_at: string;
  joint: GivenBack;
  apart: GivenBack;
}

export interface Plan {
  plan_id: number;
  title: string;
  asset_ids: number[];
  valves: {
    asset_id: number;
    code: string;
    name: string;
    order: number;
    action: "close" | "open";
    position: LonLat | null;
  }[];
  planned_from_at: string;
  planned_to_at: string;
  crew: string;
  note: string;
  state: PlanState;
  seat: string;
  made_at: string;
  network_version: number;
  valve_version: number;
  lost: GivenBack;
  conflicts: PlanConflict[];
}

export interface NewPlan {
  title: string;
  asset_ids: readonly number[];
  valves: readonly { asset_id: number; action: "close" | "open"; order: number }[];
  planned_from_at: string;
  planned_to_at: string;
  crew: string;
  note: string;
}

export interface OffNormalValve extends Operability {
  asset_id: number;
  code: string;
  name: string;
  normal_state: string;
  origin: "measured" | "reported" | "assumed";
  seat: string;
  note: string;
  changed_at: string;
  position: LonLat | null;
}

export interface ValveRecord {
  state: Operability["state"];
  operability: Operability["operability"] | null;
  origin: "measured" | "reported" | "assumed";
  seat: string;
  note: string;
  changed_at: string;
  operation_id: number;
}

export interface ValveHistory {
  state: Operability["state"];
  total: number;
  items: ValveRecord[];
}

export interface SourceState extends Named {
  kind: string;
  running: boolean;
}

export interface ValveOperation {
  state: Operability["state"];
  operability?: Operability["operability"];
  note: string;
}

interface Listed<T> {
  total: number;
  items: T[];
}

/** What an asset cuts off when valves and sources stand as supposed. */
export function impactIn(city: number, assetId: number, sandbox: Sandbox, signal: AbortSignal): Promise<Impact> {
  const body = { question: "impact", asset_ids: [assetId], geometry: true, ...bodyOf(sandbox) };
  return sendJson<Impact>("POST", "/trace", { city }, body, signal);
}

export function trace<T>(query: Query, body: TraceBody, sandbox: Sandbox): Promise<T> {
  return sendJson<T>("POST", "/trace", query, { ...body, ...bodyOf(sandbox) });
}

export const criticality = (query: Query) => getJson<Listed<CriticalSegment>>("/network/criticality", query);
export const plans = (query: Query) => getJson<Listed<Plan>>("/plans", query);
export const plan = (id: number, query: Query) => getJson<Plan>(`/plans/${id}`, query);
export const savePlan = (query: Query, body: NewPlan) => sendJson<Plan>("POST", "/plans", query, body);
export type PlanStep = "start" | "finish" | "cancel";

export function movePlan(id: number, step: PlanStep, query: Query, note: string): Promise<unknown> {
  return sendJson("POST", `/plans/${id}/${step}`, query, { note });
}

export const offNormal = (query: Query) => getJson<Listed<OffNormalValve>>("/valves/off-normal", query);
export const valveHistory = (id: number, query: Query) => getJson<ValveHistory>(`/valves/${id}/history`, query);
export const sourceStates = (query: Query) => getJson<{ items: SourceState[] }>("/sources/states", query);

export function operateValve(id: number, query: Query, body: ValveOperation): Promise<unknown> {
  return sendJson("POST", `/valves/${id}/state`, query, { ...body, origin: "reported" });
}
