import { getJson, type Query, saveFile, sendFile, sendJson } from "../api/client";
import * as requests from "../api/planner";
import * as server from "../api/server";
import type { Asset } from "../api/shapes";
import type { Action, AppState } from "./app";
import { boxOf, grown } from "./box";
import { readIds, toggledId, writeIds } from "./ids";
import { type MarkFeature, type Marks, NO_MARKS } from "./marks";
import { circumstancesOf, statesAsOf, valveStateAt } from "./past";
import { NO_SANDBOX, type Sandbox, sandboxOf, withSource, withValve, writeSandbox } from "./sandbox";
import type { Store } from "./store";
import type { WorkKey } from "./work";

const NEVER = new AbortController().signal;
const MARGIN = 0.25;
const VISIT_ZOOM = 16.5;

/** What planners ask of the network, pick on the map and draw over it; panels never fetch. */
export class Planning {
  private readonly assets = new Map<string, Promise<Asset>>();

  constructor(private readonly store: Store<AppState, Action>) {}

  /** A question of the open city. */
  get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
    return getJson<T>(path, this.query(query), signal);
  }

  post<T>(path: string, body?: unknown, query: Query = {}): Promise<T> {
    return sendJson<T>("POST", path, this.query(query), body);
  }

  patch<T>(path: string, body: unknown): Promise<T> {
    return sendJson<T>("PATCH", path, this.query({}), body);
  }

  /** Send a file as it is. */
  send<T>(path: string, file: Blob, query: Query = {}): Promise<T> {
    return sendFile<T>(path, this.query(query), file);
  }

  /** Fetch a file and hand it to the browser. */
  save(path: string, query: Query = {}): Promise<void> {
    return saveFile(path, this.query(query));
  }

  readonly criticality = (filter: Query) => requests.criticality(this.query(filter));
  readonly plans = (filter: Query) => requests.plans(this.query(filter));
  readonly plan = (id: number) => requests.plan(id, this.query({}));
  readonly planArea = (id: number) => requests.planArea(id, this.query({}));
  readonly savePlan = (body: requests.NewPlan) => requests.savePlan(this.query({}), body);
  readonly offNormal = (filter: Query) => requests.offNormal(this.query(filter));
  readonly valveHistory = (id: number) => requests.valveHistory(id, this.query({ limit: 20 }));
  readonly sourceStates = () => requests.sourceStates(this.query({}));

  /** Ask the network, as the sandbox of the open panel supposes it, or as it is. */
  trace<T>(body: requests.TraceBody, supposed = true): Promise<T> {
    const { view } = this.store.get();
    const sandbox = supposed ? sandboxOf(view) : NO_SANDBOX;
    return requests.trace<T>(this.query({}), { ...body, ...circumstancesOf(view) }, sandbox);
  }

  movePlan(id: number, step: requests.PlanStep, note: string): Promise<unknown> {
    return requests.movePlan(id, step, this.query({}), note);
  }

  operateValve(id: number, body: requests.ValveOperation): Promise<unknown> {
    return requests.operateValve(id, this.query({}), body);
  }

  /** The facts of an asset that is known by its id; asked for once until the archive changes. */
  asset(id: number): Promise<Asset> {
    const { view, archiveRevision } = this.store.get();
    const key = `${view.city} ${archiveRevision} ${id}`;
    let answer = this.assets.get(key);
    if (answer === undefined) {
      answer = server.asset(view.city ?? 1, id, null, NEVER);
      answer.catch(() => this.assets.delete(key));
      this.assets.set(key, answer);
    }
    return answer;
  }

  /** Draw over the map until the panel is left; with `fit` take the map to it. */
  mark(marks: Marks, fit = false): void {
    this.store.dispatch({ type: "marks", marks });
    if (fit) this.fit(marks.features);
  }

  /** Signs of what is supposed, whatever panel is open. */
  markSupposed(supposed: readonly MarkFeature[]): void {
    this.store.dispatch({ type: "supposed", supposed });
  }

  unmark(): void {
    this.store.dispatch({ type: "marks", marks: NO_MARKS });
  }

  /** Take the map to all of these. */
  fit(features: readonly { geometry: object | null }[]): void {
    const box = boxOf(features);
    if (box !== null) this.store.dispatch({ type: "goal/box", box: grown(box, MARGIN), animated: true });
  }

  goTo(position: readonly number[] | null | undefined): void {
    const [lon, lat] = position ?? [];
    if (lon !== undefined && lat !== undefined) {
      this.store.dispatch({ type: "goal/point", position: [lon, lat], zoom: VISIT_ZOOM });
    }
  }

  /** From now on a click on an asset of these kinds (null: of any) adds it to the ids of a key, or takes it out. */
  pick(key: WorkKey, kinds: readonly string[] | null): void {
    this.store.dispatch({ type: "picking", picking: { key, kinds } });
  }

  stopPicking(): void {
    this.store.dispatch({ type: "picking", picking: null });
  }

  /** Take a click on an asset, if assets are picked. */
  picked(id: number | null): boolean {
    const { picking } = this.store.get();
    if (picking === null) return false;
    if (id !== null && picking.key === "valves") void this.flip(id);
    else if (id !== null) this.toggle(picking.key, id);
    return true;
  }

  /** Suppose a valve or a source the other way round; what was supposed already is taken back. */
  async flip(id: number): Promise<void> {
    try {
      const { kind } = await this.asset(id);
      const sandbox = sandboxOf(this.store.get().view);
      if (kind === "valve") {
        const next = sandbox.valves.has(id) ? null : (await this.isOpen(id)) ? "closed" : "open";
        this.suppose((now) => withValve(now, id, next));
      } else {
        const next = sandbox.sources.has(id) ? null : !(await this.runs(id));
        this.suppose((now) => withSource(now, id, next));
      }
    } catch (error) {
      this.store.dispatch({ type: "notice", text: error instanceof Error ? error.message : String(error) });
    }
  }

  /** Whether a valve is open at the time whose states count; one of which nobody knows counts as open. */
  private async isOpen(id: number): Promise<boolean> {
    return valveStateAt(await this.valveHistory(id), statesAsOf(this.store.get().view)) !== "closed";
  }

  private async runs(id: number): Promise<boolean> {
    const { items } = await this.sourceStates();
    return items.find(({ asset_id }) => asset_id === id)?.running ?? true;
  }

  toggle(key: WorkKey, id: number): void {
    const ids = toggledId(readIds(this.store.get().view.work[key]), id);
    this.store.dispatch({ type: "view/work", patch: { [key]: writeIds(ids) } });
  }

  /** Suppose something else of valves and sources; every list follows. */
  suppose(change: (sandbox: Sandbox) => Sandbox): void {
    const next = change(sandboxOf(this.store.get().view));
    this.store.dispatch({ type: "view/work", patch: writeSandbox(next) });
  }

  private query(query: Query): Query {
    return { city: this.store.get().view.city ?? 1, ...query };
  }
}
