import { describe, expect, it } from "vitest";
import { airOption, roomsOption } from "./rolloutCurves";

const NAMES = { monitored: "已改造户", control: "对照户", insulated: "节能户", outdoor: "室外" };
const SHOWN = { zone: "Asia/Shanghai", lang: "zh" } as const;
const HOUR = { monitored_degc: 20, control_degc: null, insulated_degc: 21.5, outdoor_degc: -15 };

describe("curves of the rollout", () => {
  it("draw one line for each group, with a gap where nothing was measured", () => {
    const option = roomsOption([{ hour_at: "2026-11-22T17:00:00Z", ...HOUR }], NAMES, SHOWN);
    const series = option.series as { name: string; data: (number | null)[]; lineStyle: { type: string } }[];
    expect(series.map(({ name, data }) => [name, data[0]])).toEqual([
      ["已改造户", 20],
      ["对照户", null],
      ["节能户", 21.5],
      ["室外", -15],
    ]);
    expect(new Set(series.map(({ lineStyle, name }) => `${lineStyle.type} ${name}`)).size).toBe(4);
  });

  it("tell hours in the zone of the city, and the day at midnight", () => {
    const hours = ["2026-11-22T15:00:00Z", "2026-11-22T16:00:00Z"].map((hour_at) => ({
      hour_at,
      value: 3,
      station_count: 1,
    }));
    const axis = airOption(hours, "PM2.5", SHOWN).xAxis as { data: string[] };
    expect(axis.data[0]).toBe("23:00");
    expect(axis.data[1]).toMatch(/23.* 00:00$/);
  });
});
