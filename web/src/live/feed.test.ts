import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { backOffMs, LiveFeed, sinceOf } from "./feed";

class FakeSocket {
  static made: FakeSocket[] = [];
  static readonly OPEN = 1;
  readyState = 0;
  sent: string[] = [];
  binaryType = "";
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: ArrayBuffer }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  constructor(readonly url: string) {
    FakeSocket.made.push(this);
  }
  close() {}
  send(text: string) {
    this.sent.push(text);
  }
}

function snapshot(epoch: number, seq: bigint): ArrayBuffer {
  const bytes = new Uint8Array(32);
  bytes.set(new TextEncoder().encode("HTL1"));
  const view = new DataView(bytes.buffer);
  view.setUint32(8, epoch, true);
  view.setBigUint64(12, seq, true);
  return bytes.buffer;
}

describe("waiting before a reconnection", () => {
  it("doubles up to a cap", () => {
    expect([0, 1, 2, 3].map(backOffMs)).toEqual([500, 1000, 2000, 4000]);
    expect(backOffMs(30)).toBe(15_000);
  });

  it("resumes where the feed stopped", () => {
    expect(sinceOf(null)).toBeUndefined();
    expect(sinceOf({ epoch: 3, seq: 2n ** 60n })).toBe("3:1152921504606846976");
  });
});

describe("the feed", () => {
  const events = { onMessage: vi.fn(), onConnection: vi.fn(), onError: vi.fn() };

  beforeEach(() => {
    FakeSocket.made = [];
    vi.useFakeTimers();
    vi.stubGlobal("WebSocket", FakeSocket);
    for (const event of Object.values(events)) event.mockReset();
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("opens again after a loss, from the last message on", async () => {
    const feed = new LiveFeed(3, "status", events);
    feed.start();
    const first = FakeSocket.made[0] as FakeSocket;
    expect(first.url).toContain("/live?city=3&theme=status&ids=assets");
    expect(first.url).not.toContain("since");
    first.onopen?.();
    first.onmessage?.({ data: snapshot(9, 41n) });
    await vi.waitFor(() => expect(events.onMessage).toHaveBeenCalledOnce());
    first.onclose?.({ code: 1006, reason: "" });
    expect(events.onConnection).toHaveBeenLastCalledWith("lost");
    await vi.advanceTimersByTimeAsync(backOffMs(0));
    expect(new URL((FakeSocket.made[1] as FakeSocket).url).searchParams.get("since")).toBe("9:41");
    feed.stop();
  });

  it("does not ask again for what the server refused", async () => {
    const feed = new LiveFeed(3, "status", events);
    feed.start();
    FakeSocket.made[0]?.onclose?.({ code: 4403, reason: "city 3 is not visible" });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(FakeSocket.made).toHaveLength(1);
    expect(events.onError.mock.calls[0]?.[0]).toMatchObject({ message: "city 3 is not visible" });
  });

  it("plays a past hour, changes its speed, and comes back to where it was", async () => {
    const onEnd = vi.fn();
    const feed = new LiveFeed(3, "status", { ...events, onEnd }, { atMs: 1_795_262_400_000, speed: 0 });
    feed.start();
    const first = FakeSocket.made[0] as FakeSocket;
    expect(first.url).toContain("replay=1795262400000&speed=0");
    first.readyState = 1;
    feed.play({ speed: 60 });
    feed.play({ atMs: 1_795_266_000_000 });
    expect(first.sent).toEqual(['{"speed":60}', '{"at":1795266000000}']);
    first.onclose?.({ code: 1006, reason: "" });
    await vi.advanceTimersByTimeAsync(backOffMs(0));
    const second = FakeSocket.made[1] as FakeSocket;
    expect(second.url).toContain("replay=1795266000000&speed=60");
    expect(second.url).not.toContain("since");
    second.onclose?.({ code: 1000, reason: "the replay has come to the present" });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(FakeSocket.made).toHaveLength(2);
    expect(onEnd).toHaveBeenCalledOnce();
  });

  it("reports bytes that are no message and goes on", async () => {
    const feed = new LiveFeed(3, "status", events);
    feed.start();
    FakeSocket.made[0]?.onmessage?.({ data: snapshot(1, 1n).slice(0, 20) });
    await vi.waitFor(() => expect(events.onError).toHaveBeenCalledOnce());
    FakeSocket.made[0]?.onmessage?.({ data: snapshot(1, 2n) });
    await vi.waitFor(() => expect(events.onMessage).toHaveBeenCalledOnce());
    feed.stop();
  });
});
