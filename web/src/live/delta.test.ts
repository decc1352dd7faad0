import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { BadMessage, decodeMessage, inflate, NO_VALUE } from "./delta";

interface Entry {
  id: number;
  value?: number;
  status: number;
  quality: number;
}

/** An encoder of its own, written after contracts.md, byte by byte. */
function encode(entries: Entry[], kind = 1, seq = 7n): Uint8Array<ArrayBuffer> {
  const long = entries.filter((entry, i) => entry.id - (entries[i - 1]?.id ?? 0) >= 0xffff);
  const bytes = new Uint8Array(32 + entries.length * 5 + long.length * 4);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode("HTL1"));
  view.setUint8(4, kind);
  view.setUint8(5, 1);
  view.setUint32(8, 3_000_000_000, true);
  view.setBigUint64(12, seq, true);
  view.setBigInt64(20, 1_795_255_200_000n, true);
  view.setUint32(28, entries.length, true);
  let longAt = 32 + entries.length * 5;
  entries.forEach((entry, i) => {
    const gap = entry.id - (entries[i - 1]?.id ?? 0);
    view.setUint16(32 + i * 2, Math.min(gap, 0xffff), true);
    view.setInt16(32 + entries.length * 2 + i * 2, entry.value ?? NO_VALUE, true);
    view.setUint8(32 + entries.length * 4 + i, (entry.status << 4) | entry.quality);
    if (gap >= 0xffff) {
      view.setUint32(longAt, gap, true);
      longAt += 4;
    }
  });
  return bytes;
}

describe("a live message", () => {
  it("gives back ids, values, statuses and qualities, long gaps included", () => {
    const entries = [
      { id: 5, value: -123, status: 7, quality: 1 },
      { id: 6, status: 4, quality: 9 },
      { id: 70_000, value: 455, status: 1, quality: 3 },
      { id: 70_000 + 0xffff, status: 8, quality: 2 },
    ];
    const message = decodeMessage(encode(entries));
    expect([...message.assetIds]).toEqual(entries.map((entry) => entry.id));
    expect([...message.values]).toEqual([-123, NO_VALUE, 455, NO_VALUE]);
    expect([...message.statuses]).toEqual([7, 4, 1, 8]);
    expect([...message.qualities]).toEqual([1, 9, 3, 2]);
  });

  it("reads its header, with numbers beyond 31 and 53 bits", () => {
    const message = decodeMessage(encode([], 0, 2n ** 60n + 1n));
    expect(message).toMatchObject({ kind: "snapshot", theme: 1, epoch: 3_000_000_000, asOfMs: 1_795_255_200_000 });
    expect(message.seq).toBe(2n ** 60n + 1n);
  });

  it("tells the past from the present and segments from assets", () => {
    const flagsOf = (flags: number) => {
      const bytes = encode([]);
      new DataView(bytes.buffer).setUint16(6, flags, true);
      const { past, segments } = decodeMessage(bytes);
      return [past, segments];
    };
    expect([0, 1, 2, 3].map(flagsOf)).toEqual([
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ]);
  });

  it("is read the same deflated and plain", async () => {
    const bytes = encode([{ id: 12, status: 7, quality: 1 }]);
    const packed = deflateSync(bytes);
    const inflated = await inflate(
      packed.buffer.slice(packed.byteOffset, packed.byteOffset + packed.length) as ArrayBuffer,
    );
    expect(decodeMessage(inflated)).toEqual(decodeMessage(await inflate(bytes.buffer)));
  });

  it.each([
    ["too short", new Uint8Array(31)],
    ["without its magic", new Uint8Array(32)],
    ["of an unknown kind", encode([], 2)],
    ["cut in its columns", encode([{ id: 1, status: 1, quality: 1 }]).slice(0, 35)],
    ["cut in its long gaps", encode([{ id: 80_000, status: 1, quality: 1 }]).slice(0, 39)],
  ])("%s is refused", (_, bytes) => {
    expect(() => decodeMessage(bytes)).toThrow(BadMessage);
  });
});
