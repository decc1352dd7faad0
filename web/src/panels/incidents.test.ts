import { describe, expect, it } from "vitest";
import type { Alarm } from "../api/shapes";
import {
  filterAlarms,
  foundMarks,
  groupAlarms,
  INCIDENT_COLOURS,
  type IncidentDetail,
  incidentMarks,
} from "./incidents";

function alarm(alarm_id: number, incident_id: number | null, more: Partial<Alarm> = {}): Alarm {
  const raised_at = new Date(alarm_id * 1000).toISOString();
  const basis = {
    alarm_id,
    incident_id,
    raised_at,
    level: 2,
    active: true,
    asset_id: alarm_id,
    asset_kind: "substation",
  };
  return { ...basis, rule_code: "low", position: [125, 43], ...more } as Alarm;
}

describe("alarms folded under incidents", () => {
  const alarms = [alarm(1, null), alarm(2, 7), alarm(3, 8, { level: 1 }), alarm(4, 7), alarm(5, null)];

  it("stand in exactly one group each, the most urgent incident first, those of none last", () => {
    const groups = groupAlarms(alarms);
    expect(groups.map(({ incidentId }) => incidentId)).toEqual([8, 7, null]);
    expect(groups.flatMap((group) => group.alarms.map(({ alarm_id }) => alarm_id)).sort()).toEqual([1, 2, 3, 4, 5]);
  });

  it("are found by kind, rule and level", () => {
    const more = [
      ...alarms,
      alarm(6, null, { asset_kind: "plant", rule_code: "high" }),
      alarm(9, null, { active: false }),
    ];
    expect(filterAlarms(more, { kind: "plant" }).map(({ alarm_id }) => alarm_id)).toEqual([6]);
    expect(filterAlarms(more, { rule: "low", level: "1" }).map(({ alarm_id }) => alarm_id)).toEqual([3]);
    expect(filterAlarms(more, {}).length).toBe(6);
    expect(foundMarks(filterAlarms(more, { kind: "plant" }), (name) => name)?.features.length).toBe(1);
    expect(foundMarks([], (name) => name)).toBeNull();
  });

  it("are drawn with the place of their incident", () => {
    const cause = { segment_ids: [401], asset_ids: [1, 2], silent_below: [], position: [125, 43], leak: null };
    const marks = incidentMarks({ incident_id: 3, explained: [9], cause } as unknown as IncidentDetail, (name) => name);
    expect(marks.ids).toEqual([
      { colour: INCIDENT_COLOURS.explained, ids: [9], of: "assets" },
      { colour: INCIDENT_COLOURS.place, ids: [401], of: "segments" },
    ]);
    expect(marks.features[0]?.properties.label).toBe("#3");
    expect(marks.legend.map(({ label }) => label)).toEqual(["place", "explained"]);
  });
});
