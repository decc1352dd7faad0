import { decodeMessage, inflate, type LiveMessage } from "./delta";

export type Connection = "connecting" | "open" | "lost";

export interface FeedEvents {
  onMessage(message: LiveMessage): void;
  onConnection(connection: Connection): void;
  onError(error: Error): void;
  /** A replay is over; `reason` says why. */
  onEnd?(reason: string): void;
}

/** A past hour instead of the present one: where it begins, and seconds of it a second (0 = paused). */
export interface PastSpan {
  atMs: number;
  speed: number;
}

/** What the ids of messages are: of a replay both, told apart by the flag of each message. */
export type Ids = "assets" | "segments" | "assets,segments";

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
const REFUSED = 4400;
const ENDED = 1000;
/** All places for replays are taken. */
const NO_PLACE = 4503;

/** Waiting time before the nth reconnection (0, 1, ...): doubling, capped, without jitter. */
export function backOffMs(attempt: number): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt);
}

/** Where the feed stopped, as the server wants it in `since=`. */
export function sinceOf(last: Pick<LiveMessage, "epoch" | "seq"> | null): string | undefined {
  return last === null ? undefined : `${last.epoch}:${last.seq}`;
}

/**
 * One subscription of `WS /live` that stays connected: messages are inflated and handed over in order, a lost socket is
 * opened again with the place where it stopped.
 */
export class LiveFeed {
  private socket: WebSocket | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private attempt = 0;
  private last: LiveMessage | null = null;
  private order: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly city: number,
    private readonly theme: string,
    private readonly events: FeedEvents,
    private past: PastSpan | null = null,
    private readonly ids: Ids = "assets",
  ) {}

  start(): void {
    this.events.onConnection("connecting");
    this.open();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.socket?.close();
  }

  /** Play a replay from another time, or at another speed. */
  play(past: Partial<PastSpan>): void {
    if (this.past === null) return;
    this.past = { ...this.past, ...past };
    const { atMs: at, speed } = past;
    if (at !== undefined) this.last = null;
    const command = { ...(at === undefined ? {} : { at }), ...(speed === undefined ? {} : { speed }) };
    // one that is not open (yet) begins with all of it
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(command));
  }

  private url(): string {
    const url = new URL("/live", window.location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    url.searchParams.set("city", String(this.city));
    url.searchParams.set("theme", this.theme);
    url.searchParams.set("ids", this.ids);
    if (this.past !== null) {
      url.searchParams.set("replay", String(this.last?.asOfMs ?? this.past.atMs));
      url.searchParams.set("speed", String(this.past.speed));
    }
    const since = this.past === null ? sinceOf(this.last) : undefined;
    if (since !== undefined) url.searchParams.set("since", since);
    return url.href;
  }

  private open(): void {
    const socket = new WebSocket(this.url());
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.events.onConnection("open");
    socket.onmessage = (event: MessageEvent<ArrayBuffer | string>) => this.receive(event.data);
    socket.onclose = (event) => this.closed(event);
    this.socket = socket;
  }

  private receive(data: ArrayBuffer | string): void {
    if (typeof data === "string") return;
    // inflating is asynchronous: the chain keeps messages in the order they came in
    this.order = this.order.then(async () => {
      if (this.stopped) return;
      try {
        const message = decodeMessage(await inflate(data));
        this.last = message;
        this.attempt = 0;
        this.events.onMessage(message);
      } catch (error) {
        this.events.onError(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  private closed(event: CloseEvent): void {
    if (this.stopped) return;
    if (this.past !== null && event.code === ENDED) {
      this.events.onEnd?.(event.reason);
      return;
    }
    this.events.onConnection("lost");
    // 4400-4499: the server refused the request itself; asking again would be refused again
    const refused = (event.code >= REFUSED && event.code < REFUSED + 100) || event.code === NO_PLACE;
    if (refused) this.events.onError(new Error(event.reason));
    else this.retry();
  }

  private retry(): void {
    this.timer = setTimeout(() => this.open(), backOffMs(this.attempt++));
  }
}
