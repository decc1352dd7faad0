import { RequestFailed, sendJson, serverNowMs } from "../api/client";
import { impactIn } from "../api/planner";
import * as server from "../api/server";
import type { Asset, AssetItem, KindCount, Seat, Session } from "../api/shapes";
import { impactFeatures } from "../layers/impact";
import { drawnBy } from "../layers/kinds";
import { type FeedEvents, LiveFeed } from "../live/feed";
import { StatusTable } from "../live/table";
import { type Action, type AppState, CURVE_SPANS, type CurveSpan, currentCity } from "./app";
import { boxOf, boxOfMost, grown } from "./box";
import { impactCircumstancesOf } from "./past";
import { arrived, failed, IDLE, type Remote, ready } from "./remote";
import { sandboxOf, supposes } from "./sandbox";
import type { Store } from "./store";

const ALARM_DELAY_MS = 150;
const REPLAY_ALARMS_MS = 1000;
const CURVE_PERIOD_MS = 30_000;
/** How often the server is asked whether the live fields have moved on. */
const FIELDS_PERIOD_MS = 60_000;
/** How often what is asked beside the feed follows a replay that plays. */
const REPLAY_PERIOD_MS = 10_000;
const VISIT_ZOOM = 15.5;
const HEATED = ["plant", "boiler_house", "substation"];
const IN_NETWORK = new Set([
  "plant",
  "boiler_house",
  "substation",
  "relay_pump_station",
  "relay_energy_station",
  "isolating_station",
  "accumulator",
  "pipe",
  "valve",
  "building_inlet",
  "building",
]);
/** Above so many stations a city is large enough to have far towns; this share at each end is left out of the first view. */
const MANY_STATIONS = 500;
const FAR_SHARE = 0.1;

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Fetches what the state asks for and puts answers back; panels never fetch. */
export class Controller {
  private feed: LiveFeed | null = null;
  private alarmsAskedMs = 0;
  private alarmTimer: ReturnType<typeof setTimeout> | undefined;
  private curveTimer: ReturnType<typeof setInterval> | undefined;
  private replayTimer: ReturnType<typeof setInterval> | undefined;
  private fieldsTimer: ReturnType<typeof setInterval> | undefined;
  private selection = new AbortController();
  private impact = new AbortController();
  private readonly names = new Map<string, Promise<AssetItem | null>>();
  private readonly changeListeners = new Set<(ids: readonly number[]) => void>();
  private readonly segmentListeners = new Set<(ids: readonly number[]) => void>();
  private segmentFeed: LiveFeed | null = null;
  /** Whether somebody draws segments: a map far out. */
  private segmentsWanted = false;
  readonly segments = new StatusTable();

  constructor(
    private readonly store: Store<AppState, Action>,
    private readonly statuses: StatusTable,
    private readonly onError: (error: Error) => void,
  ) {}

  /** Ask who is sitting here; in demo mode take the first seat; then open the city. */
  async start(): Promise<void> {
    const session = await this.load(server.session(), (value) => ({ type: "session", session: value }));
    if (session === null) return;
    const seat = session.demo_mode ? await this.demoSeat(session) : session.seat;
    if (seat !== null && !session.must_change_password) await this.openCities();
  }

  stop(): void {
    this.closeCity();
  }

  onStatusChange(listener: (ids: readonly number[]) => void): () => void {
    this.changeListeners.add(listener);
    return () => this.changeListeners.delete(listener);
  }

  onSegmentChange(listener: (ids: readonly number[]) => void): () => void {
    this.segmentListeners.add(listener);
    return () => this.segmentListeners.delete(listener);
  }

  /** Follow the live state of segments from now on; what was once wanted stays. A replay brings them with its assets. */
  wantSegments(): void {
    if (this.segmentsWanted) return;
    this.segmentsWanted = true;
    if (this.feed !== null) this.openSegments(this.city());
  }

  takeSeat(seatId: number): Promise<void> {
    return this.replaceSession(server.takeSeat({ seat_id: seatId }));
  }

  signIn(login: string, password: string): Promise<void> {
    return this.replaceSession(server.takeSeat({ login, password }));
  }

  changePassword(password: string, newPassword: string): Promise<void> {
    return this.replaceSession(server.changePassword(password, newPassword));
  }

  async signOut(): Promise<void> {
    await sendJson("DELETE", "/session");
    window.location.reload();
  }

  changeCity(city: number): void {
    this.store.dispatch({ type: "view/city", city });
    this.openCity(city);
  }

  select(assetId: number | null): void {
    this.store.dispatch({ type: "view/selected", assetId });
    this.loadSelection();
  }

  /** Select an asset and take the map there. */
  visit(assetId: number, position: readonly [number, number] | readonly number[] | null): void {
    const [lon, lat] = position ?? [];
    if (lon !== undefined && lat !== undefined) {
      this.store.dispatch({ type: "goal/point", position: [lon, lat], zoom: VISIT_ZOOM });
    }
    this.select(assetId);
  }

  /** Show the selected asset as it was at a time (ISO 8601), or as it is now. */
  showAsOf(at: string | null): void {
    this.store.dispatch({ type: "view/work", patch: { as_of: at } });
    this.loadSelection();
  }

  /** Ask again for what a change of the archive may have changed. */
  refresh(): void {
    this.loadSelection();
    void this.loadTilesets(this.city());
  }

  /** Select an asset that is known by its id only, and take the map to all of it. */
  async visitAsset(assetId: number): Promise<void> {
    this.select(assetId);
    const found = await server.asset(this.city(), assetId, null, this.selection.signal).catch(() => null);
    const box = found === null ? null : boxOf([{ geometry: found.geometry }]);
    if (box !== null) this.store.dispatch({ type: "goal/box", box: grown(box, 0.05), animated: true });
  }

  /** Take the map to the whole answer. */
  fitImpact(): void {
    const box = boxOf(impactFeatures(arrived(this.store.get().impact)).features);
    if (box !== null) this.store.dispatch({ type: "goal/box", box, animated: true });
  }

  async acknowledge(alarmId: number): Promise<void> {
    try {
      await server.acknowledge(this.city(), alarmId);
    } catch (error) {
      this.store.dispatch({ type: "notice", text: messageOf(error) });
    }
    await this.loadAlarms();
  }

  /** Read the alarms again, after one of them was changed here. */
  async refreshAlarms(): Promise<void> {
    await this.loadAlarms();
  }

  /** Leave a replay, if there is one. */
  goLiveFromReplay(): void {
    if (this.store.get().view.at !== null) this.goLive();
  }

  /** Leave a replay. */
  goLive(): void {
    this.store.dispatch({ type: "view/live" });
    this.openCity(this.city());
  }

  /** Look at a past time (epoch milliseconds): the replay begins there, paused, or goes on from there. */
  replayAt(atMs: number): void {
    const begun = this.store.get().view.at !== null;
    this.store.dispatch({ type: "replay/seek", at: new Date(atMs).toISOString() });
    if (!begun) this.openCity(this.city());
    else {
      this.feed?.play({ atMs });
      this.followReplay();
    }
  }

  /** Play so many seconds of the past a second; 0 pauses. */
  setReplaySpeed(speed: number): void {
    this.store.dispatch({ type: "replay/speed", speed });
    this.feed?.play({ speed });
    if (speed === 0) this.followReplay();
  }

  search(text: string): Promise<server.Found> {
    return server.search(this.city(), text);
  }

  substations(): Promise<AssetItem[]> {
    return server.everyOf(this.city(), "substation");
  }

  everyOf(kind: string): Promise<AssetItem[]> {
    return server.everyOf(this.city(), kind);
  }

  /** The one asset that has a code, or null when there is none or several. */
  named(code: string): Promise<AssetItem | null> {
    const key = `${this.city()} ${code}`;
    let answer = this.names.get(key);
    if (answer === undefined) {
      answer = server.byCode(this.city(), code).then(({ items }) => (items.length === 1 ? (items[0] ?? null) : null));
      answer.catch(() => this.names.delete(key));
      this.names.set(key, answer);
    }
    return answer;
  }

  /** The server tells the findings with the contents once it has read the network; this makes it read. */
  async countFindings(): Promise<void> {
    const city = this.city();
    const finding_count = await server.findingCount(city);
    const contents = arrived(this.store.get().contents);
    if (contents === null || contents.city_id !== city) return;
    this.store.dispatch({ type: "contents", contents: ready({ ...contents, finding_count }) });
  }

  ofKind(kind: string, text: string, limit: number): Promise<server.Found> {
    return server.ofKind(this.city(), kind, text, limit);
  }

  /** A page of the rows of a register that hang on an asset. */
  rowsOf(register: string, assetId: number, offset: number, limit: number): ReturnType<typeof server.rowsOf> {
    return server.rowsOf(this.city(), register, assetId, offset, limit);
  }

  /** Switch on what draws a kind and take the map to all of it. */
  showKind(kind: KindCount): void {
    const drawn = drawnBy(kind.kind);
    if (drawn !== null) this.store.dispatch({ type: "view/layer", layer: drawn.layer, on: true });
    const [west, south, east, north] = kind.bbox ?? [];
    if (west === undefined || south === undefined || east === undefined || north === undefined) return;
    this.store.dispatch({ type: "goal/box", box: grown([west, south, east, north], 0.04), animated: true });
  }

  private city(): number {
    return this.store.get().view.city ?? 1;
  }

  private async load<T>(answer: Promise<T>, action: (value: Remote<T>) => Action): Promise<T | null> {
    try {
      const value = await answer;
      this.store.dispatch(action(ready(value)));
      return value;
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return null;
      this.store.dispatch(action(failed(messageOf(error))));
      return null;
    }
  }

  private async demoSeat(session: Session): Promise<Seat | null> {
    const seats = await this.load(server.seats(), (value) => ({ type: "seats", seats: value }));
    if (session.seat !== null) return session.seat;
    const first = seats?.[0];
    if (first === undefined) return null;
    const taken = await this.load(server.takeSeat({ seat_id: first.seat_id }), (value) => ({
      type: "session",
      session: value,
    }));
    return taken?.seat ?? null;
  }

  /** Another seat sees other things: the page starts anew, and the address keeps the view. */
  private async replaceSession(answer: Promise<Session>): Promise<void> {
    try {
      const session = await answer;
      if (session.must_change_password) this.store.dispatch({ type: "session", session: ready(session) });
      else window.location.reload();
    } catch (error) {
      if (error instanceof RequestFailed) this.store.dispatch({ type: "notice", text: error.message });
      else throw error;
    }
  }

  private async openCities(): Promise<void> {
    const cities = await this.load(server.cities(), (value) => ({ type: "cities", cities: value }));
    const wanted = this.store.get().view.city;
    const city = cities?.find((item) => item.city_id === wanted) ?? cities?.[0];
    if (city === undefined) return;
    if (city.city_id !== wanted) this.store.dispatch({ type: "view/city", city: city.city_id });
    this.openCity(city.city_id);
  }

  private openCity(city: number): void {
    this.closeCity();
    void this.loadTilesets(city);
    if (this.store.get().view.camera === null) void this.fitCity(city);
    void this.loadAlarms();
    void this.load(server.rollout(city), (value) => ({ type: "rollout", rollout: value }));
    void this.load(server.contents(city), (value) => ({ type: "contents", contents: value }));
    const { at } = this.store.get().view;
    this.openFeed(city, at === null ? null : Date.parse(at));
    if (this.segmentsWanted) this.openSegments(city);
    this.loadSelection();
    this.curveTimer = setInterval(() => this.renewCurve(), CURVE_PERIOD_MS);
    void this.loadFields(city);
    this.fieldsTimer = setInterval(() => void this.loadFields(city), FIELDS_PERIOD_MS);
  }

  /** Show sources and substations of a city, or all of it when there are none: districts reach far beyond the network. */
  private async fitCity(city: number): Promise<void> {
    const found = await Promise.all(HEATED.map((kind) => server.everyOf(city, kind).catch(() => [])));
    const positions = found.flat().flatMap(({ position }) => (position === null ? [] : [position]));
    const heated = boxOfMost(positions, positions.length > MANY_STATIONS ? FAR_SHARE : 0);
    // buildings reach beyond the stations that heat them
    const box = (heated && grown(heated, 0.06)) ?? currentCity(this.store.get())?.bbox ?? null;
    if (box !== null) this.store.dispatch({ type: "goal/box", box, animated: false });
  }

  private closeCity(): void {
    this.feed?.stop();
    this.segmentFeed?.stop();
    this.feed = this.segmentFeed = null;
    clearInterval(this.curveTimer);
    clearInterval(this.replayTimer);
    clearInterval(this.fieldsTimer);
    this.tell(this.statuses.clear());
    this.tellSegments(this.segments.clear());
  }

  private async loadTilesets(city: number): Promise<void> {
    const rasters = await server.rasters(city).catch(() => []);
    await this.load(server.tilesets(city), (tilesets) => ({ type: "tilesets", tilesets, rasters }));
    await this.load(server.colourings(city), (colourings) => ({ type: "colourings", colourings }));
  }

  /** Fields move with the clock; a city without any, or a seat that may not see them, has none to show. */
  private async loadFields(city: number): Promise<void> {
    const fields = await server.fields(city).catch(() => []);
    const known = this.store.get().fields;
    // the same answer draws nothing anew
    if (JSON.stringify(fields) !== JSON.stringify(known)) this.store.dispatch({ type: "fields", fields });
  }

  /** The feed of the present, or a replay from a past time on. */
  private openFeed(city: number, pastMs: number | null): void {
    const events: FeedEvents = {
      onConnection: (connection) => this.store.dispatch({ type: "live/connection", connection, localMs: Date.now() }),
      onError: (error) => {
        if (pastMs !== null) this.store.dispatch({ type: "notice", text: error.message });
        this.onError(error);
      },
      onEnd: () => this.setReplaySpeed(0),
      onMessage: (message) => {
        if (message.segments) {
          this.tellSegments(this.segments.apply(message));
          return;
        }
        const changed = this.statuses.apply(message);
        this.store.dispatch({
          type: "live/message",
          // a message carries the time of its last change, which may be long ago
          asOfMs: message.past ? message.asOfMs : Math.max(message.asOfMs, serverNowMs(Date.now())),
          past: message.past,
          localMs: Date.now(),
          counts: this.statuses.counts(),
          changed: changed.length,
        });
        this.tell(changed);
        if (changed.length > 0) this.alarmsSoon();
        if (message.kind === "snapshot") void this.loadCurve();
      },
    };
    const past = pastMs === null ? null : { atMs: pastMs, speed: this.store.get().replaySpeed };
    this.feed = new LiveFeed(city, "status", events, past, past === null ? "assets" : "assets,segments");
    this.feed.start();
    if (past !== null) this.replayTimer = setInterval(() => this.followReplay(), REPLAY_PERIOD_MS);
  }

  /** Segments of the present have numbers and a socket of their own. */
  private openSegments(city: number): void {
    if (this.store.get().view.at !== null || this.segmentFeed !== null) return;
    const events: FeedEvents = {
      // whether the page is connected is told by the feed of assets
      onConnection: () => {},
      onError: this.onError,
      onMessage: (message) => this.tellSegments(this.segments.apply(message)),
    };
    this.segmentFeed = new LiveFeed(city, "status", events, null, "segments");
    this.segmentFeed.start();
  }

  private tellSegments(changed: readonly number[]): void {
    if (changed.length > 0) for (const listener of this.segmentListeners) listener(changed);
  }

  /** Bring the address, and the answers that follow it, to where the replay is. */
  private followReplay(): void {
    const { clock, view } = this.store.get();
    if (clock.mode !== "replay") return;
    const at = new Date(clock.asOfMs).toISOString();
    if (at !== view.at) this.store.dispatch({ type: "replay/at", at });
    this.alarmsSoon();
    this.loadSelection();
  }

  private tell(changed: readonly number[]): void {
    if (changed.length > 0) for (const listener of this.changeListeners) listener(changed);
  }

  /** Many statuses change together; the list of alarms is fetched once for all of them. */
  private alarmsSoon(): void {
    clearTimeout(this.alarmTimer);
    const replay = this.store.get().view.at !== null;
    // a replay changes with every message: its list follows once a second, not when it has come to rest
    const delayMs = replay ? Math.max(0, this.alarmsAskedMs + REPLAY_ALARMS_MS - Date.now()) : ALARM_DELAY_MS;
    this.alarmTimer = setTimeout(() => void this.loadAlarms(), delayMs);
  }

  private async loadAlarms(): Promise<void> {
    this.alarmsAskedMs = Date.now();
    const { view, clock } = this.store.get();
    const at = view.at === null || clock.asOfMs === null ? null : new Date(clock.asOfMs).toISOString();
    await this.load(server.alarms(this.city(), at), (alarms) => ({ type: "alarms", alarms }));
  }

  private loadSelection(): void {
    this.selection.abort();
    this.impact.abort();
    this.selection = new AbortController();
    this.impact = new AbortController();
    const { selected, at: replayed, work } = this.store.get().view;
    if (selected === null) return;
    const at = work.as_of ?? replayed;
    const signal = this.selection.signal;
    const asked = this.impact.signal;
    const city = this.city();
    const asset = this.load(server.asset(city, selected, at, signal), (found) => ({ type: "asset", asset: found }));
    void asset.then((found) => this.loadImpact(city, found, asked));
    void this.loadCurve();
  }

  /** Ask again what the selected asset cuts off: somebody supposes something else of valves and sources. */
  askImpact(): void {
    this.impact.abort();
    this.impact = new AbortController();
    void this.loadImpact(this.city(), arrived(this.store.get().asset), this.impact.signal);
  }

  /** Only what stands in the network cuts something off: asking for a camera would be an error of ours. */
  private async loadImpact(city: number, asset: Asset | null, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    if (asset === null || !IN_NETWORK.has(asset.kind)) {
      this.store.dispatch({ type: "impact", impact: IDLE });
      return;
    }
    const { view } = this.store.get();
    const [sandbox, circumstances] = [sandboxOf(view), impactCircumstancesOf(view)];
    const answer = supposes(sandbox)
      ? impactIn(city, asset.asset_id, sandbox, circumstances, signal)
      : server.impact(city, asset.asset_id, circumstances, signal);
    await this.load(answer, (impact) => ({ type: "impact", impact }));
  }

  /** Show more or less time of the selected asset. */
  setCurveSpan(span: CurveSpan): void {
    this.store.dispatch({ type: "curve/span", span });
    void this.loadCurve();
  }

  /** A minute more changes nothing in a month. */
  private renewCurve(): void {
    if (CURVE_SPANS[this.store.get().curveSpan] <= CURVE_SPANS.day) void this.loadCurve();
  }

  private async loadCurve(): Promise<void> {
    const { view, clock, curveSpan: span } = this.store.get();
    if (view.selected === null) return;
    // only assets of the feed report readings; asking for the others would be an error of ours
    if (this.statuses.get(view.selected) === undefined) {
      this.store.dispatch({ type: "curve", curve: ready({ asset_id: view.selected, span, lines: [] }) });
      return;
    }
    const end = clock.asOfMs ?? Date.now();
    const answer = server.curve(this.city(), view.selected, end, span, this.selection.signal);
    await this.load(answer, (curve) => ({ type: "curve", curve }));
  }
}
