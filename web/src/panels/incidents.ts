/** Incidents as the map draws them and as lists group their alarms; pure. */

import type { components } from "../api/types.gen";
import { moreUrgent } from "../layers/alarms";
import { COLOURS } from "../layers/palette";
import { type MarkLegend, type Marks, markedPoint } from "../state/marks";

type Schemas = components["schemas"];
type Alarm = Schemas["AlarmModel"];
export type Incident = Schemas["IncidentModel"];
export type IncidentDetail = Schemas["IncidentDetail"];
export type Incidents = Schemas["IncidentsAnswer"];

/** The place, what it explains, what keeps silent, the leak. None is red, which is an alarm's. */
export const INCIDENT_COLOURS = {
  place: COLOURS.lost,
  explained: COLOURS.degraded,
  silent: COLOURS.return,
  leak: COLOURS.transmission,
  found: COLOURS.weather,
};

/** Alarms of one incident; null: those that stand for themselves. */
export interface AlarmGroup {
  incidentId: number | null;
  alarms: Alarm[];
}

/** Alarms by incident, the group with the most urgent alarm first, those of no incident last; none is left out. */
export function groupAlarms(alarms: readonly Alarm[]): AlarmGroup[] {
  const groups = new Map<number | null, Alarm[]>();
  const sorted = [...alarms].sort((a, b) => (moreUrgent(a, b) ? -1 : 1));
  for (const alarm of sorted) {
    const group = groups.get(alarm.incident_id);
    if (group === undefined) groups.set(alarm.incident_id, [alarm]);
    else group.push(alarm);
  }
  const found = [...groups].map(([incidentId, own]) => ({ incidentId, alarms: own }));
  return [...found.filter((one) => one.incidentId !== null), ...found.filter((one) => one.incidentId === null)];
}

export interface AlarmFilter {
  kind?: string | undefined;
  rule?: string | undefined;
  level?: string | undefined;
}

/** Alarms that fit a filter. */
export function filterAlarms(alarms: readonly Alarm[], { kind, rule, level }: AlarmFilter): Alarm[] {
  return alarms.filter(
    (alarm) =>
      alarm.active &&
      (kind === undefined || alarm.asset_kind === kind) &&
      (rule === undefined || alarm.rule_code === rule) &&
      (level === undefined || String(alarm.level) === level),
  );
}

type Label = (name: keyof typeof INCIDENT_COLOURS) => string;

/** The place of an incident with the alarms that it holds; the places of the others as numbers. */
export function incidentMarks(incident: IncidentDetail, label: Label): Marks {
  const { cause, explained } = incident;
  const groups = [
    { name: "explained" as const, ids: explained, of: "assets" as const },
    { name: "silent" as const, ids: cause.silent_below, of: "assets" as const },
    { name: "place" as const, ids: cause.segment_ids, of: "segments" as const },
    { name: "place" as const, ids: cause.segment_ids.length > 0 ? [] : cause.asset_ids, of: "assets" as const },
  ].filter(({ ids }) => ids.length > 0);
  const leak = markedPoint(cause.leak?.position ?? null, { colour: INCIDENT_COLOURS.leak, radius: 7 });
  const names = [...new Set(groups.map(({ name }) => name))].reverse();
  const shown = leak.length > 0 ? [...names, "leak" as const] : names;
  const legend: MarkLegend[] = shown.map((name) => ({ colour: INCIDENT_COLOURS[name], label: label(name) }));
  return {
    features: [
      ...markedPoint(cause.position, { colour: INCIDENT_COLOURS.place, label: `#${incident.incident_id}`, radius: 9 }),
      ...leak,
    ],
    ids: groups.map(({ name, ids, of }) => ({ colour: INCIDENT_COLOURS[name], ids, of })),
    legend,
    dims: true,
  };
}

/** Alarms that were searched for, each as a point. */
export function foundMarks(alarms: readonly Alarm[], label: Label): Marks | null {
  if (alarms.length === 0) return null;
  return {
    features: alarms.flatMap((alarm) =>
      markedPoint(alarm.position, {
        colour: INCIDENT_COLOURS.found,
        radius: 8,
        opacity: 0.6,
        asset_id: alarm.asset_id,
      }),
    ),
    ids: [],
    legend: [{ colour: INCIDENT_COLOURS.found, label: label("found") }],
    dims: false,
  };
}
