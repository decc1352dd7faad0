import { describe, expect, it } from "vitest";
import { keyAction } from "./keys";

const PLAIN = { ctrlKey: false, altKey: false, metaKey: false, defaultPrevented: false, target: null };

describe("keys of the map", () => {
  it("switch modes and move the camera", () => {
    expect(keyAction({ ...PLAIN, key: "4" })).toEqual({ mode: "satellite" });
    expect(keyAction({ ...PLAIN, key: "Q" })).toEqual({ camera: { bearing: -15 } });
    expect(keyAction({ ...PLAIN, key: "n" })).toEqual({ camera: { north: true } });
    expect(keyAction({ ...PLAIN, key: "x" })).toBeNull();
  });

  it("mean nothing while somebody writes or calls a command of the browser", () => {
    expect(keyAction({ ...PLAIN, key: "r", ctrlKey: true })).toBeNull();
    expect(keyAction({ ...PLAIN, key: "3", target: document.createElement("input") })).toBeNull();
  });
});
