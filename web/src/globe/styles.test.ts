import { describe, expect, it } from "vitest";
import { STATUS, STATUS_COLOURS } from "../state/status";
import { conditionsOf, plainColour, rampOf, statusColour } from "./styles";

describe("colours of the globe", () => {
  it("are a ramp from its highest step down, with grey for what is unknown", () => {
    const conditions = conditionsOf({
      column: "height",
      unit: "m",
      steps: [
        [0, "#111111"],
        [20, "#222222"],
      ],
    });
    expect(conditions.map(([condition]) => condition)).toEqual([
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Cesium's own language
      "${height} === undefined || ${height} === null || isNaN(${height})",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Cesium's own language
      "${height} >= 20",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Cesium's own language
      "${height} >= 0",
      "true",
    ]);
    expect(conditions[1]?.[1]).toBe("color('#222222')");
  });

  it("tell alarms, cut-off and stale, and leave the rest as it looks anyway", () => {
    expect(statusColour(STATUS.alarmLevel1, "#abcdef")).toBe(STATUS_COLOURS.alarmLevel1);
    expect(statusColour(STATUS.cutOff, "#abcdef")).toBe(STATUS_COLOURS.cutOff);
    expect(statusColour(STATUS.stale, "#abcdef")).toBe(STATUS_COLOURS.stale);
    for (const code of [undefined, STATUS.noData, STATUS.normal, STATUS.maintenance]) {
      expect(statusColour(code, "#abcdef")).toBe("#abcdef");
    }
  });

  it("tell supply from return", () => {
    expect(plainColour("pipes", 1)).not.toBe(plainColour("pipes", 2));
    expect(rampOf("pipes")?.column).toBe("depth");
    expect(rampOf("stations")).toBeNull();
  });

  it("hold no red in any ramp", () => {
    for (const tileset of ["buildings", "pipes", "fittings"]) {
      for (const [, colour] of rampOf(tileset)?.steps ?? []) {
        const [red, green] = [1, 3].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)) as [number, number];
        expect(red - green).toBeLessThan(80);
      }
    }
  });
});
