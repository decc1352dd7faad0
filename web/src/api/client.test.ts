import { expect, it } from "vitest";
import { address, noteDate, serverNowMs } from "./client";

it("an address leaves out what is not given", () => {
  expect(address("/assets", { city: 1, q: "工 农", kind: null, code: undefined, bbox: "" })).toBe(
    "/assets?city=1&q=%E5%B7%A5+%E5%86%9C",
  );
  expect(address("/cities")).toBe("/cities");
});

it("the server's clock is learnt from its Date header, beyond the rounding of a second", () => {
  const local = Date.parse("2026-01-05T06:00:00.900Z");
  noteDate("Mon, 05 Jan 2026 06:10:00 GMT", local);
  expect(serverNowMs(local)).toBe(Date.parse("2026-01-05T06:10:00Z"));
  noteDate(null, local);
  expect(serverNowMs(local)).toBe(Date.parse("2026-01-05T06:10:00Z"));
  noteDate("Mon, 05 Jan 2026 06:00:00 GMT", local);
  expect(serverNowMs(local)).toBe(local);
});
