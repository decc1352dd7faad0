import { describe, expect, it } from "vitest";
import type { Alarm, AssetItem } from "../api/shapes";
import { worstByAsset } from "../layers/alarms";
import { boxOf } from "../state/box";
import { sortAlarms } from "./AlarmPanel";
import { sortByStatus } from "./SubstationList";
import { nextShown } from "./WallImpact";

function alarm(alarm_id: number, level: number, raised_at: string, more: Partial<Alarm> = {}): Alarm {
  return {
    alarm_id,
    asset_id: alarm_id,
    level,
    raised_at,
    active: true,
    acknowledged: false,
    position: [0, 0],
    ...more,
  } as Alarm;
}

describe("the list of alarms", () => {
  it("has unacknowledged ones first, then the highest level, then the newest", () => {
    const alarms = [
      alarm(1, 3, "2026-01-01T05:00:00Z"),
      alarm(2, 1, "2026-01-01T01:00:00Z"),
      alarm(3, 1, "2026-01-01T02:00:00Z"),
      alarm(4, 1, "2026-01-01T09:00:00Z", { acknowledged: true }),
    ];
    expect(sortAlarms(alarms).map((item) => item.alarm_id)).toEqual([3, 2, 1, 4]);
  });
});

describe("the asset that a wall shows", () => {
  const none = { followed: null, inAlarm: [] };
  it("is the first alarm, and the next one when that comes first", () => {
    expect(nextShown(null, none, [3, 4])).toBe(3);
    expect(nextShown(3, { followed: 3, inAlarm: [3, 4] }, [4, 3])).toBe(4);
    expect(nextShown(3, { followed: 3, inAlarm: [3] }, [])).toBeNull();
  });

  it("stays the one of the address, until its own alarm is over", () => {
    expect(nextShown(9, none, [3])).toBe(9);
    expect(nextShown(9, { followed: null, inAlarm: [3, 9] }, [3])).toBe(3);
  });
});

describe("the signs on the map", () => {
  it("show the worst active alarm of each asset that has a place", () => {
    const alarms = [
      alarm(1, 3, "2026-01-01T05:00:00Z", { asset_id: 7 }),
      alarm(2, 1, "2026-01-01T01:00:00Z", { asset_id: 7 }),
      alarm(3, 1, "2026-01-01T01:00:00Z", { asset_id: 8, active: false }),
      alarm(4, 1, "2026-01-01T01:00:00Z", { asset_id: 9, position: null }),
    ];
    expect(worstByAsset(alarms).map((item) => item.alarm_id)).toEqual([2]);
  });
});

describe("the list of substations", () => {
  it("has alarms on top, the most urgent first, then goes by name", () => {
    const items = ["乙", "甲", "丙", "丁"].map((name, i) => ({ asset_id: i, name }) as AssetItem);
    const codes = new Map([
      [2, 5],
      [3, 7],
      [0, 8],
    ]);
    expect(sortByStatus(items, codes).map((item) => item.asset_id)).toEqual([3, 2, 1, 0]);
  });
});

describe("the box of features", () => {
  it("holds points, lines and polygons and is null without any", () => {
    const features = [
      { geometry: { type: "Point", coordinates: [3, 4] } },
      {
        geometry: {
          type: "LineString",
          coordinates: [
            [1, 9],
            [2, 8],
          ],
        },
      },
      {
        geometry: {
          type: "Polygon",
          coordinates: [
            [
              [5, 1],
              [6, 2],
              [5, 2],
              [5, 1],
            ],
          ],
        },
      },
      { geometry: null },
    ];
    expect(boxOf(features)).toEqual([1, 1, 6, 9]);
    expect(boxOf([{ geometry: null }])).toBeNull();
  });
});
