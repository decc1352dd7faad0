/**
 * The binary message of `WS /live` (contracts.md, "Live state").
 *
 * Little-endian. Header of 32 bytes: magic `HTL1`, kind u8 (0 snapshot, 1 delta), theme u8, flags u16, epoch u32,
 * seq u64, as_of_ms i64, count u32; flags 1 = of a replay, 2 = of segments. Then three columns of `count` entries by rising asset id: gap u16 (0xFFFF: the real
 * gap is the next u32 of the list at the end), value i16 (-32768 = none), status << 4 | quality u8.
 */

export const NO_VALUE = -32768;
const HEADER_BYTES = 32;
const FLAG_PAST = 1;
const FLAG_SEGMENTS = 2;
const LONG_GAP = 0xffff;
const MAGIC = 0x314c5448; // "HTL1" read as a little-endian u32

export interface LiveMessage {
  kind: "snapshot" | "delta";
  theme: number;
  epoch: number;
  seq: bigint;
  asOfMs: number;
  /** Whether it shows the past: a replay, never the present. */
  past: boolean;
  /** Whether its ids are those of topology segments, not of assets. */
  segments: boolean;
  assetIds: Uint32Array;
  values: Int16Array;
  statuses: Uint8Array;
  qualities: Uint8Array;
}

/** The bytes are not a message of this protocol. */
export class BadMessage extends Error {
  override readonly name = "BadMessage";
}

export function hasMagic(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) === MAGIC;
}

export function decodeMessage(bytes: Uint8Array): LiveMessage {
  if (bytes.length < HEADER_BYTES) throw new BadMessage(`${bytes.length} bytes are shorter than the header of 32`);
  if (!hasMagic(bytes)) throw new BadMessage("the message does not begin with HTL1");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kind = view.getUint8(4);
  if (kind > 1) throw new BadMessage(`message kind ${kind} is neither 0 (snapshot) nor 1 (delta)`);
  const count = view.getUint32(28, true);
  if (bytes.length < HEADER_BYTES + count * 5) {
    throw new BadMessage(`${count} entries need ${HEADER_BYTES + count * 5} bytes, the message has ${bytes.length}`);
  }
  return {
    kind: kind === 0 ? "snapshot" : "delta",
    theme: view.getUint8(5),
    epoch: view.getUint32(8, true),
    seq: view.getBigUint64(12, true),
    asOfMs: Number(view.getBigInt64(20, true)),
    past: (view.getUint16(6, true) & FLAG_PAST) !== 0,
    segments: (view.getUint16(6, true) & FLAG_SEGMENTS) !== 0,
    assetIds: readIds(view, count),
    ...readColumns(view, count),
  };
}

function readIds(view: DataView, count: number): Uint32Array {
  const ids = new Uint32Array(count);
  let longAt = HEADER_BYTES + count * 5;
  let last = 0;
  for (let i = 0; i < count; i++) {
    let gap = view.getUint16(HEADER_BYTES + i * 2, true);
    if (gap === LONG_GAP) {
      if (longAt + 4 > view.byteLength) throw new BadMessage("the list of long gaps is too short");
      gap = view.getUint32(longAt, true);
      longAt += 4;
    }
    last += gap;
    ids[i] = last;
  }
  return ids;
}

function readColumns(view: DataView, count: number): Pick<LiveMessage, "values" | "statuses" | "qualities"> {
  const values = new Int16Array(count);
  const statuses = new Uint8Array(count);
  const qualities = new Uint8Array(count);
  const valueAt = HEADER_BYTES + count * 2;
  const stateAt = valueAt + count * 2;
  for (let i = 0; i < count; i++) {
    const state = view.getUint8(stateAt + i);
    values[i] = view.getInt16(valueAt + i * 2, true);
    statuses[i] = state >> 4;
    qualities[i] = state & 0x0f;
  }
  return { values, statuses, qualities };
}

/** Undo the one zlib deflation of a message; bytes that already begin with the magic pass through. */
export async function inflate(data: ArrayBuffer): Promise<Uint8Array> {
  const bytes = new Uint8Array(data);
  if (hasMagic(bytes)) return bytes;
  const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
