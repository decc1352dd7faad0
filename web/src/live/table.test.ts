import { describe, expect, it } from "vitest";
import type { LiveMessage } from "./delta";
import { StatusTable } from "./table";

function message(kind: LiveMessage["kind"], entries: [number, number][]): LiveMessage {
  return {
    kind,
    theme: 0,
    epoch: 1,
    seq: 1n,
    asOfMs: 0,
    past: false,
    segments: false,
    assetIds: Uint32Array.from(entries, ([id]) => id),
    values: new Int16Array(entries.length),
    statuses: Uint8Array.from(entries, ([, status]) => status),
    qualities: new Uint8Array(entries.length).fill(1),
  };
}

describe("the status table", () => {
  it("names only what a delta changed", () => {
    const table = new StatusTable();
    table.apply(
      message("snapshot", [
        [1, 1],
        [2, 1],
      ]),
    );
    expect(
      table.apply(
        message("delta", [
          [1, 1],
          [2, 7],
          [3, 0],
        ]),
      ),
    ).toEqual([2, 3]);
    expect([table.get(1), table.get(2), table.get(3)]).toEqual([1, 7, 0]);
  });

  it("forgets what a later snapshot does not name, and says so", () => {
    const table = new StatusTable();
    table.apply(
      message("snapshot", [
        [1, 7],
        [2, 1],
      ]),
    );
    expect(table.apply(message("snapshot", [[2, 1]]))).toEqual([1]);
    expect(table.get(1)).toBeUndefined();
    expect(table.size).toBe(1);
  });

  it("counts by status code", () => {
    const table = new StatusTable();
    table.apply(
      message("snapshot", [
        [1, 7],
        [2, 1],
        [3, 1],
        [4, 8],
      ]),
    );
    expect(table.counts()).toEqual([0, 2, 0, 0, 0, 0, 0, 1, 1]);
  });
});
