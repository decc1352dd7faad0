/** Requests of the alarm desk: alarms by filter, figures, rules, warnings, drills; one function each. */

import { getJson, type Query, sendJson } from "./client";
import type { components } from "./types.gen";

type Schemas = components["schemas"];
export type AlarmsPage = Schemas["AlarmsAnswer"];
export type AlarmKpis = Schemas["KpisAnswer"];
export type AlarmTotals = Schemas["AlarmTotalsAnswer"];
export type AlarmRules = Schemas["AlarmRulesAnswer"];
export type AlarmRule = Schemas["AlarmRuleModel"];
export type AlarmRuleEdit = Schemas["AlarmRuleEdit"];
export type Warning = Schemas["WarningModel"];
export type WarningsPage = Schemas["WarningsAnswer"];
export type WarningMonths = Schemas["WarningMonthsAnswer"];
export type WarningBody = Schemas["WarningBody"];
export type Drill = Schemas["DrillModel"];
export type DrillDetail = Schemas["DrillAnswer"];

export const alarms = (query: Query) => getJson<AlarmsPage>("/alarms", query);
export const kpis = (query: Query) => getJson<AlarmKpis>("/alarms/kpis", query);
export const totals = (query: Query) => getJson<AlarmTotals>("/alarms/totals", query);
export const alarmRules = (query: Query) => getJson<AlarmRules>("/alarms/rules", query);

export function writeRule(query: Query, code: string, body: AlarmRuleEdit): Promise<AlarmRule> {
  return sendJson<AlarmRule>("PUT", `/alarms/rules/${code}`, query, body);
}

export const warnings = (query: Query) => getJson<WarningsPage>("/warnings", query);
export const warningMonths = (query: Query) => getJson<WarningMonths>("/warnings/statistics", query);

export function issueWarning(query: Query, body: Partial<WarningBody>): Promise<Warning> {
  return sendJson<Warning>("POST", "/warnings", query, body);
}

export function stepWarning(query: Query, id: number, step: "handle" | "lift", note: string): Promise<Warning> {
  return sendJson<Warning>("POST", `/warnings/${id}/${step}`, query, { note });
}

export async function runningDrill(query: Query): Promise<Drill | null> {
  return (await getJson<{ items: Drill[] }>("/drills", { ...query, running: true })).items[0] ?? null;
}

export const drill = (query: Query, id: number) => getJson<DrillDetail>(`/drills/${id}`, query);

export function startDrill(query: Query, name: string, hours: number): Promise<Drill> {
  const ends_at = new Date(Date.now() + hours * 3_600_000).toISOString();
  return sendJson<Drill>("POST", "/drills", query, { name, ends_at });
}

export const endDrill = (query: Query, id: number) => sendJson<Drill>("POST", `/drills/${id}/end`, query, {});

export function injectAlarm(query: Query, id: number, asset_id: number, rule_code: string): Promise<DrillDetail> {
  return sendJson<DrillDetail>("POST", `/drills/${id}/alarms`, query, { asset_id, rule_code });
}

export function stepDrillAlarm(
  query: Query,
  id: number,
  alarm: number,
  step: "acknowledge" | "clear",
): Promise<DrillDetail> {
  return sendJson<DrillDetail>("POST", `/drills/${id}/alarms/${alarm}/${step}`, query, {});
}
