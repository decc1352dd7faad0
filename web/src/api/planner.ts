/** Requests of the planners' tools, one function each, and short names of the shapes of their answers. */

import type { Sandbox } from "../state/sandbox";
import { bodyOf } from "../state/sandbox";
import { getJson, type Query, sendJson } from "./client";
import type { Answer, Figures, Impact } from "./shapes";
import type { components } from "./types.gen";

type Schemas = components["schemas"];

export type Finding = Schemas["FindingModel"];
export type Named = Schemas["AssetName"];
export type Share = Schemas["ShareModel"];
/** A list of assets with what they add up to, and whom it concerns. */
export type Ring = Figures;
export type Fault = Schemas["FaultModel"];
export type Hours = Schemas["HoursModel"];
export type Cooling = Schemas["CoolingModel"];
export type SourcesReply = Answer<"/assets/{asset_id}/sources", "get">;
export type Feeding = Schemas["FeedingModel"];
export type PathReply = Schemas["PathAnswer"];
export type DeclaredReply = Schemas["DeclaredAnswer"];
export type Link = Schemas["LinkModel"];
export type Isolation = Schemas["IsolationAnswer"];
export type ValveToOperate = Schemas["IsolationValve"];
export type Alternative = Schemas["AlternativeModel"];
export type CriticalSegment = Schemas["CriticalSegment"];
export type Plan = Schemas["PlanModel"];
export type PlanDetail = Schemas["PlanDetailModel"];
export type PlanState = Plan["state"];
export type PlanConflict = Schemas["ConflictModel"];
export type Loss = Schemas["LostModel"];
export type NewPlan = Schemas["PlanBody"];
export type PlanValveBody = Schemas["PlanValveBody"];
export type OffNormalValve = Schemas["OffNormalModel"];
export type ValveState = OffNormalValve["state"];
export type Operability = OffNormalValve["operability"];
export type ValveHistory = Answer<"/valves/{asset_id}/history", "get">;

export const PLAN_STATES: readonly PlanState[] = ["planned", "running", "finished", "cancelled"];

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

export type TraceBody = Pick<Schemas["TraceBody"], "question"> & {
  asset_ids: readonly number[];
  to?: number;
  geometry?: boolean;
  as_of?: string;
};
/** When, and how long the repair takes. */
export type ImpactCircumstances = Readonly<{ as_of?: string; repair_h?: number }>;

export interface ValveOperation {
  state: ValveState;
  operability?: Operability;
  note: string;
}

/** What an asset cuts off when valves and sources stand as supposed. */
export function impactIn(
  city: number,
  assetId: number,
  sandbox: Sandbox,
  circumstances: ImpactCircumstances,
  signal: AbortSignal,
): Promise<Impact> {
  const body = { question: "impact", asset_ids: [assetId], geometry: true, ...circumstances, ...bodyOf(sandbox) };
  return sendJson<Impact>("POST", "/trace", { city }, body, signal);
}

export function trace<T>(query: Query, body: TraceBody, sandbox: Sandbox): Promise<T> {
  return sendJson<T>("POST", "/trace", query, { ...body, ...bodyOf(sandbox) });
}

export const criticality = (query: Query) =>
  getJson<Answer<"/network/criticality", "get">>("/network/criticality", query);
export const plans = (query: Query) => getJson<Answer<"/plans", "get">>("/plans", query);
export const plan = (id: number, query: Query) => getJson<PlanDetail>(`/plans/${id}`, query);
export type PlanArea = Schemas["PlanAreaModel"];
export const planArea = (id: number, query: Query) => getJson<PlanArea>(`/plans/${id}/area`, query);
export const savePlan = (query: Query, body: NewPlan) => sendJson<Plan>("POST", "/plans", query, body);
export type PlanStep = "start" | "finish" | "cancel";

export function movePlan(id: number, step: PlanStep, query: Query, note: string): Promise<unknown> {
  return sendJson("POST", `/plans/${id}/${step}`, query, { note });
}

export const offNormal = (query: Query) => getJson<Answer<"/valves/off-normal", "get">>("/valves/off-normal", query);
export const valveHistory = (id: number, query: Query) => getJson<ValveHistory>(`/valves/${id}/history`, query);
export const sourceStates = (query: Query) => getJson<Answer<"/sources/states", "get">>("/sources/states", query);

export function operateValve(id: number, query: Query, body: ValveOperation): Promise<unknown> {
  return sendJson("POST", `/valves/${id}/state`, query, { ...body, origin: "reported" });
}
