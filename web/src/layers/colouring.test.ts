import { createExpression, latest } from "@maplibre/maplibre-gl-style-spec";
import { describe, expect, it } from "vitest";
import type { Colouring } from "../api/shapes";
import { STATUS_COLOURS } from "../state/status";
import { belowLiveState, colouringExpression, colourOfValue } from "./colouring";

const label = { label_zh: "", label_en: "" };
const BASE: Colouring = {
  colouring: "x",
  attribute: "dn",
  with: [],
  title_zh: "",
  title_en: "",
  unit: null,
  kind: "codes",
  items: [],
  other: { colour: "#646464", ...label },
  minzoom: 10,
  note_zh: "",
  note_en: "",
};
const DN: Colouring = {
  ...BASE,
  kind: "ranges",
  items: [
    { to: 300, colour: "#000010", ...label },
    { from: 300, to: 800, colour: "#000020", ...label },
    { from: 1000, colour: "#000030", ...label },
  ],
};
const OWNERS: Colouring = {
  ...BASE,
  kind: "ids",
  attribute: "company_id",
  items: [
    { value: 7, colour: "#000040", ...label },
    { value: 17, colour: "#000050", ...label },
  ],
};

/** The colour that MapLibre itself gives a pipe. */
function colourOf(expression: unknown, properties: Record<string, number>, state = {}, zoom = 15): string {
  const made = createExpression(expression, "line-color", latest.paint_line["line-color"] as never);
  if (made.result === "error") throw new Error(JSON.stringify(made.value));
  const { r, g, b } = made.value.evaluate({ zoom }, { type: "LineString", properties }, state);
  const channels = [r, g, b].map((part) => Math.round(part * 255));
  return `#${channels.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
}

describe("the colour of a pipe", () => {
  it.each([
    [{ dn: 100 }, "#000010"],
    [{ dn: 300 }, "#000020"],
    [{ dn: 799 }, "#000020"],
    // between the ranges, above all limits, without a value
    [{ dn: 900 }, "#646464"],
    [{ dn: 5000 }, "#000030"],
    [{}, "#646464"],
  ])("with %o is that of its range", (properties, colour) => {
    expect(colourOf(colouringExpression(DN), properties as Record<string, number>)).toBe(colour);
    expect(colourOfValue(DN, (properties as Record<string, number>)[DN.attribute])).toBe(colour);
  });

  it.each([
    [{ company_id: 17 }, "#000050"],
    [{ company_id: 8 }, "#646464"],
    [{}, "#646464"],
  ])("with %o is that of its owner", (properties, colour) => {
    expect(colourOf(colouringExpression(OWNERS), properties as Record<string, number>)).toBe(colour);
    expect(colourOfValue(OWNERS, (properties as Record<string, number>)[OWNERS.attribute])).toBe(colour);
  });

  it("is that of the others where the legend has no item", () => {
    expect(colourOf(colouringExpression(BASE), { dn: 100 })).toBe("#646464");
  });

  it("is that of its live state when it is in alarm or cut off", () => {
    const expression = belowLiveState(colouringExpression(DN));
    expect(colourOf(expression, { dn: 100 }, { status: 1 })).toBe("#000010");
    expect(colourOf(expression, { dn: 100 }, { status: 7 })).toBe(STATUS_COLOURS.alarmLevel1);
    expect(colourOf(expression, { dn: 100 }, { status: 8 })).toBe(STATUS_COLOURS.cutOff);
  });

  it("is that of its segment below zoom 14, where the two have the same number", () => {
    const expression = belowLiveState(colouringExpression(DN));
    const both = { status: 7, segment: 8 };
    expect(colourOf(expression, { dn: 100 }, both, 13.9)).toBe(STATUS_COLOURS.cutOff);
    expect(colourOf(expression, { dn: 100 }, both, 14)).toBe(STATUS_COLOURS.alarmLevel1);
    expect(colourOf(expression, { dn: 100 }, { segment: 4 }, 12)).toBe("#000010");
  });
});
