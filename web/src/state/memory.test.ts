import { afterEach, describe, expect, it, vi } from "vitest";
import { recalled, remember } from "./memory";

afterEach(() => {
  vi.restoreAllMocks();
  window.localStorage.clear();
});

describe("what a page was coloured by", () => {
  it("is remembered by page, and that it was nothing, too", () => {
    remember("/plan", "dn");
    remember("/", null);
    expect(recalled("/plan")).toBe("dn");
    expect(recalled("/")).toBeNull();
    expect(recalled("/m")).toBeUndefined();
  });

  it("is forgotten where the browser keeps nothing", () => {
    vi.spyOn(window, "localStorage", "get").mockImplementation(() => {
      throw new Error("refused");
    });
    remember("/plan", "dn");
    expect(recalled("/plan")).toBeUndefined();
  });
});
