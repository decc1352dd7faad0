import { describe, expect, it } from "vitest";
import { formatAge, formatArea, formatLength, formatShare, formatTime, formatValue, MISSING } from "./units";

describe("numbers", () => {
  it("stand with their unit as people write it", () => {
    expect(formatValue(30.5, "degC", "zh")).toBe("30.5 °C");
    expect(formatValue(1234.567, "MW", "en")).toBe("1,234.57 MW");
    expect(formatValue(2337, "户", "en")).toBe("2,337 users");
  });

  it("that are missing are a dash without unit", () => {
    for (const value of [null, undefined, Number.NaN, Infinity]) expect(formatValue(value, "MW", "zh")).toBe(MISSING);
    expect(formatShare(null, "zh")).toBe(MISSING);
  });

  it("become readable areas, lengths and shares", () => {
    expect(formatArea(227_983.6, "zh")).toBe("22.8 万 m²");
    expect(formatArea(9_999, "zh")).toBe("9,999 m²");
    expect(formatArea(7_153_999, "zh")).toBe("715 万 m²");
    expect(formatArea(227_983.6, "en")).toBe("227,984 m²");
    expect(formatArea(7_153_999, "en")).toBe("7.15 million m²");
    expect(formatLength(190_217.3, "zh")).toBe("190 km");
    expect(formatLength(2360, "zh")).toBe("2.36 km");
    expect(formatShare(0.8525, "zh")).toBe("85.3 %");
  });
});

describe("times", () => {
  it.each([
    [12, "12 秒"],
    [185, "3 分"],
    [7200, "2 小时"],
    [7500, "2 小时 5 分"],
    [4 * 86_400 + 5, "4 天"],
  ])("%i s is %s", (seconds, text) => expect(formatAge(seconds, "zh")).toBe(text));

  it("are told in the city's zone", () => {
    expect(formatTime(Date.parse("2026-11-21T16:30:05Z"), "Asia/Shanghai", "zh")).toBe("2026/11/22 00:30:05");
  });
});
