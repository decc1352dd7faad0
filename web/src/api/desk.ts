/** Requests of the work panels: problems, archive, datums, coverage, statistics; one function each. */

import { getJson, type Query, sendJson } from "./client";
import type {
  Accepted,
  ArchiveDifference,
  Arrivals,
  ArrivingSource,
  AssetEdit,
  Change,
  ChangeDetail,
  Channel,
  Conversion,
  Covered,
  CoveredDetail,
  Datum,
  DistrictCoverage,
  Filled,
  FlaggedSources,
  Grid,
  History,
  Lengths,
  Near,
  Page,
  Problem,
  ProblemDetail,
  Proposal,
  QualityAlarm,
  QualityAlarmTotals,
  QualityCheck,
  QualityCheckReply,
  QualityCompany,
  QualityFlags,
  QualityMarks,
  QualityRule,
  QualityRuleEdit,
  QualityRules,
  QualityScores,
  QualityTrial,
  QualityVerdict,
  ReadingConflict,
  Refresh,
  Refused,
  Rule,
  UnregisteredSource,
  Within,
} from "./records";
import type { Answer, AssetKind, Job, Section } from "./shapes";

export const rules = (query: Query) => getJson<{ rules: Rule[] }>("/problems/rules", query);
export const problems = (query: Query) => getJson<Page<Problem>>("/problems", query);
export const problem = (id: number, query: Query) => getJson<ProblemDetail>(`/problems/${id}`, query);

export type Decision = "accept" | "dismiss" | "revert";

export function decide(id: number, decision: Decision, query: Query, reason: string): Promise<unknown> {
  return sendJson("POST", `/problems/${id}/${decision}`, query, { reason });
}

export interface AcceptAll {
  rule: string;
  reason: string;
  area_id?: number;
  company_id?: number;
}

export function acceptAll(query: Query, body: AcceptAll): Promise<Accepted> {
  return sendJson<Accepted>("POST", "/problems/accept", query, body);
}

export const refresh = (query: Query) => getJson<Refresh>("/refresh", query);
export const jobs = (query: Query) => getJson<Job[]>("/jobs", query);

export const history = (id: number, query: Query) => getJson<History>(`/assets/${id}/history`, query);
export const changes = (query: Query) => getJson<Page<Change>>("/changes", query);
export const change = (id: number, query: Query) => getJson<ChangeDetail>(`/changes/${id}`, query);
export const difference = (query: Query) => getJson<ArchiveDifference>("/changes/difference", query);

export interface EditBody extends AssetEdit {
  reason: string;
  /** The version that was edited: the server refuses when the asset has moved on. */
  version: number;
}

export function edit(id: number, query: Query, body: EditBody): Promise<unknown> {
  return sendJson("PATCH", `/assets/${id}`, query, body);
}

export function propose(id: number, query: Query, body: EditBody): Promise<unknown> {
  return sendJson("POST", `/assets/${id}/proposals`, query, body);
}

export function retire(id: number, query: Query, reason: string): Promise<unknown> {
  return sendJson("POST", `/assets/${id}/retire`, query, { reason });
}

export function restore(id: number, query: Query, version: number, reason: string): Promise<unknown> {
  return sendJson("POST", `/assets/${id}/restore`, query, { version, reason });
}

export function revertChange(id: number, query: Query, reason: string): Promise<unknown> {
  return sendJson("POST", `/changes/${id}/revert`, query, { reason });
}

export type Verdict = "approve" | "reject" | "withdraw";

export const proposals = (query: Query) => getJson<Page<Proposal>>("/proposals", query);

export function judge(id: number, verdict: Verdict, query: Query, reason: string): Promise<unknown> {
  return sendJson("POST", `/proposals/${id}/${verdict}`, query, { reason });
}

export const kind = (name: string) => getJson<AssetKind>(`/kinds/${name}`);

/** Where maps in other datums show a place. */
export const offset = (lon: number, lat: number) =>
  getJson<Answer<"/datums/offset", "get">>("/datums/offset", { lon, lat });
export const datums = () => getJson<{ datums: Datum[] }>("/datums");
export const conversions = (query: Query) => getJson<Page<Conversion>>("/conversions", query);
export const grids = (query: Query) => getJson<{ grids: Grid[] }>("/grids", query);

export const coverage = (query: Query) => getJson<Page<Covered>>("/coverage", query);
/** One object with both its grounds and the buildings in which they differ. */
export function coverageOf(kind: string, id: number, query: Query): Promise<CoveredDetail> {
  return getJson<CoveredDetail>(`/coverage/${kind}/${id}`, query);
}

export const districts = (query: Query) => getJson<{ districts: DistrictCoverage[] }>("/coverage/districts", query);
export const lengths = (query: Query) => getJson<Lengths>("/statistics/lengths", query);

export const arrivals = (query: Query) => getJson<Arrivals>("/arrivals", query);
export const arrivingSources = (query: Query) => getJson<Page<ArrivingSource>>("/arrivals/sources", query);
export const unregistered = (query: Query) => getJson<Page<UnregisteredSource>>("/arrivals/unregistered", query);
export const refusedFrames = (query: Query) => getJson<Refused>("/arrivals/refusals", query);
export const conflicts = (query: Query) => getJson<Page<ReadingConflict>>("/readings/conflicts", query);
export const qualityScores = (query: Query) => getJson<QualityScores>("/quality/scores", query);
export const qualityRules = (query: Query) => getJson<QualityRules>("/quality/rules", query);
export const qualityFlags = (query: Query) => getJson<QualityFlags>("/quality/flags", query);
export const qualityMarks = (query: Query) => getJson<QualityMarks>("/quality/marks", query);
export const flaggedSources = (query: Query) => getJson<FlaggedSources>("/quality/assets", query);
export const qualityChecks = (query: Query) => getJson<Page<QualityCheck>>("/quality/checks", query);
export const qualityAlarms = (query: Query) => getJson<Page<QualityAlarm>>("/quality/alarms", query);
export const qualityAlarmTotals = (query: Query) => getJson<QualityAlarmTotals>("/quality/alarms/totals", query);
export const qualityCompanies = (query: Query) => getJson<{ items: QualityCompany[] }>("/quality/companies", query);
export const doubt = (query: Query, body: Doubt) => sendJson<QualityCheck>("POST", "/quality/checks", query, body);
export const tryQualityRule = (query: Query, body: { rule: QualityRuleEdit; assets: number[]; days: number }) =>
  sendJson<QualityTrial>("POST", "/quality/rules/try", query, body);
/** A version of 0 is a new rule. */
export const writeQualityRule = (query: Query, rule: QualityRuleEdit) =>
  rule.version === 0
    ? sendJson<QualityRule>("POST", "/quality/rules", query, rule)
    : sendJson<QualityRule>("PUT", `/quality/rules/${rule.code}`, query, rule);

/** A reading that somebody doubts. */
export interface Doubt {
  asset_id: number;
  source: string;
  point: string;
  observed_at: number;
  note: string;
}

export const judgeReading = (id: number, query: Query, body: QualityVerdict) =>
  sendJson<QualityCheck>("POST", `/quality/checks/${id}/verdict`, query, body);
export const sendCheck = (id: number, query: Query, note: string) =>
  sendJson<QualityCheck>("POST", `/quality/checks/${id}/send`, query, { note });
export const answerCheck = (id: number, query: Query, body: QualityCheckReply) =>
  sendJson<QualityCheck>("POST", `/quality/checks/${id}/answer`, query, body);

/** Values that stand in for the missing ones of a point; of registers there are none by some methods. */
export async function filled(asset: number, query: Query): Promise<Filled | null> {
  const answer = await getJson<Answer<"/assets/{asset_id}/readings", "get">>(`/assets/${asset}/readings`, query);
  return answer.series.flatMap(({ points }) => points.map((point) => point.filled ?? null))[0] ?? null;
}

export const channels = () => getJson<{ channels: Channel[] }>("/intake/channels");

export interface WithinBody {
  geometry: GeoJSON.Geometry;
  buffer_m?: number;
  kind?: string;
  limit: number;
  offset?: number;
}

export function within(query: Query, body: WithinBody): Promise<Within> {
  return sendJson<Within>("POST", "/assets/within", query, body);
}

export const nearest = (query: Query) => getJson<{ items: Near[] }>("/assets/nearest", query);

/** What a vertical plane along a line cuts. */
export const section = (query: Query) => getJson<Section>("/sections", query);
