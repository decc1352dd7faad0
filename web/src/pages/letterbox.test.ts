import { describe, expect, it } from "vitest";
import { letterbox } from "./letterbox";

describe("the wall in a window", () => {
  it("fills its own size", () => expect(letterbox(2400, 1350)).toEqual({ scale: 1, left: 0, top: 0 }));

  it("is never stretched: a wider window gets margins at the sides, a higher one above and below", () => {
    expect(letterbox(2600, 1350)).toEqual({ scale: 1, left: 100, top: 0 });
    expect(letterbox(1200, 1000)).toEqual({ scale: 0.5, left: 0, top: 162.5 });
  });
});
