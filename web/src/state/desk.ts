import { saveFile } from "../api/client";
import * as requests from "../api/desk";
import type { AssetEdit } from "../api/records";
import * as rolloutLive from "../api/rolloutLive";
import * as rollout from "../api/rolloutMap";
import type { AssetKind } from "../api/shapes";
import type { Action, AppState } from "./app";
import { type Box, boxOf, grown } from "./box";
import { NO_OVERLAY, type Overlay } from "./overlay";
import type { RolloutMap } from "./rolloutMap";
import { type Position, shapeOf, type Tool, writeLine, writeShape } from "./shapes";
import type { Store } from "./store";
import type { WorkKey, WorkPanel } from "./work";

type Filter = Record<string, string | number | boolean | readonly string[] | null | undefined>;
const VISIT_ZOOM = 16;
/** Around what is shown, as a share of its size, and at least so many degrees (about 25 m). */
const MARGIN = 0.35;
const LEAST_DEG = 0.00025;
const CLOSEST_ZOOM = 19.5;

/** What people ask and change in the work panels; panels never fetch. Every decision tells the page that the archive changed. */
export class Desk {
  private readonly kinds = new Map<string, Promise<AssetKind>>();

  constructor(
    private readonly store: Store<AppState, Action>,
    private readonly onChanged: () => void,
  ) {}

  /** Open a panel; problems come with their layer, which can be switched off again. */
  open(panel: WorkPanel | null): void {
    if (panel === "problems") this.store.dispatch({ type: "view/layer", layer: "problems", on: true });
    if (panel === "rollout-map" && this.store.get().view.panel !== panel) {
      for (const layer of ["rollout-areas", "rollout-projects"] as const)
        this.store.dispatch({ type: "view/layer", layer, on: true });
    }
    this.store.dispatch({ type: "view/panel", panel });
  }

  set(patch: Partial<Record<WorkKey, string | null>>): void {
    this.store.dispatch({ type: "view/work", patch });
  }

  /** Open the problem that was clicked on the map. */
  openProblem(id: number): void {
    if (this.store.get().view.panel !== "problems") this.open("problems");
    this.set({ problem: String(id) });
  }

  /** Show an area or a project of the rollout on its panel; another area or project takes the place of the one that is open. */
  openRollout(patch: Partial<Record<"place" | "project", string | null>>): void {
    if (this.store.get().view.panel !== "rollout-map") this.open("rollout-map");
    const listed = patch.project == null ? "areas" : "projects";
    this.set({ place: null, project: null, listed, ...patch });
  }

  /** Take the map to a box in degrees. */
  goToBox([west, south, east, north]: Box): void {
    this.store.dispatch({ type: "goal/box", box: [west, south, east, north], animated: true });
  }

  /** What the map of the rollout shows beside its tiles. */
  setRolloutMap(patch: Partial<RolloutMap>): void {
    this.store.dispatch({ type: "rollout/map", patch });
  }

  draw(tool: Tool | null): void {
    this.store.dispatch({ type: "draw/tool", tool });
  }

  /** What was drawn becomes what is asked about; too few clicks are forgotten. */
  finishDrawing(): void {
    const { drawing } = this.store.get();
    if (drawing === null) return;
    const points = withoutRepeats(drawing.points);
    if (shapeOf(drawing.tool, points) !== null)
      this.set(drawing.tool === "line" ? { line: writeLine(points) } : { shape: writeShape(drawing.tool, points) });
    this.draw(null);
  }

  /** Draw something over the map, and with `fit` take the map to it, or to a box of it. */
  show(overlay: Overlay, fit: boolean | Box = false): void {
    this.store.dispatch({ type: "overlay", overlay });
    const box = fit === true ? boxOf(overlay.features) : fit === false ? null : fit;
    if (box === null) return;
    const [west, south, east, north] = grown(box, MARGIN);
    const [dx, dy] = [Math.max(0, LEAST_DEG - (east - west)) / 2, Math.max(0, LEAST_DEG - (north - south)) / 2];
    const wide: Box = [west - dx, south - dy, east + dx, north + dy];
    this.store.dispatch({ type: "goal/box", box: wide, animated: true, closest: CLOSEST_ZOOM });
  }

  clear(): void {
    this.store.dispatch({ type: "overlay", overlay: NO_OVERLAY });
  }

  goTo(position: readonly [number, number] | null): void {
    if (position === null) return;
    this.store.dispatch({ type: "goal/point", position: [position[0], position[1]], zoom: VISIT_ZOOM });
  }

  readonly rules = () => requests.rules(this.query());
  readonly problems = (filter: Filter) => requests.problems(this.query(filter));
  readonly problem = (id: number) => requests.problem(id, this.query());
  readonly refresh = () => requests.refresh(this.query());
  readonly jobs = () => requests.jobs(this.query({ limit: 5 }));
  readonly history = (id: number) => requests.history(id, this.query());
  readonly changes = (filter: Filter) => requests.changes(this.query(filter));
  readonly change = (id: number, filter: Filter) => requests.change(id, this.query(filter));
  readonly difference = (filter: Filter) => requests.difference(this.query(filter));
  readonly proposals = (filter: Filter) => requests.proposals(this.query(filter));
  readonly datums = () => requests.datums();
  readonly offset = (lon: number, lat: number) => requests.offset(lon, lat);
  readonly conversions = (filter: Filter) => requests.conversions(this.query(filter));
  readonly grids = () => requests.grids(this.query());
  readonly coverage = (filter: Filter) => requests.coverage(this.query(filter));
  readonly coverageOf = (kind: string, id: number) => requests.coverageOf(kind, id, this.query());
  readonly districts = () => requests.districts(this.query({ limit: 0 }));
  readonly lengths = (filter: Filter) => requests.lengths(this.query(filter));
  readonly arrivals = (filter: Filter) => requests.arrivals(this.query(filter));
  readonly arrivingSources = (filter: Filter) => requests.arrivingSources(this.query(filter));
  readonly unregistered = (filter: Filter) => requests.unregistered(this.query(filter));
  readonly refusedFrames = () => requests.refusedFrames(this.query());
  readonly conflicts = (filter: Filter) => requests.conflicts(this.query(filter));
  readonly qualityScores = (filter: Filter) => requests.qualityScores(this.query(filter));
  readonly qualityRules = () => requests.qualityRules(this.query());
  readonly qualityFlags = (asset: number) => requests.qualityFlags(this.query({ asset }));
  readonly qualityMarks = (filter: Filter) => requests.qualityMarks(this.query(filter));
  readonly flaggedSources = (filter: Filter) => requests.flaggedSources(this.query(filter));
  readonly qualityChecks = (filter: Filter) => requests.qualityChecks(this.query(filter));
  readonly qualityAlarms = (filter: Filter) => requests.qualityAlarms(this.query(filter));
  readonly qualityAlarmTotals = (filter: Filter) => requests.qualityAlarmTotals(this.query(filter));
  readonly qualityCompanies = () => requests.qualityCompanies(this.query());
  readonly doubt = (body: requests.Doubt) => this.changing(requests.doubt(this.query(), body));
  readonly tryQualityRule = (body: Parameters<typeof requests.tryQualityRule>[1]) =>
    requests.tryQualityRule(this.query(), body);
  readonly writeQualityRule = (rule: Parameters<typeof requests.writeQualityRule>[1]) =>
    this.changing(requests.writeQualityRule(this.query(), rule));
  readonly judgeReading = (id: number, body: Parameters<typeof requests.judgeReading>[2]) =>
    this.changing(requests.judgeReading(id, this.query(), body));
  readonly sendCheck = (id: number, note: string) => this.changing(requests.sendCheck(id, this.query(), note));
  readonly answerCheck = (id: number, body: Parameters<typeof requests.answerCheck>[2]) =>
    this.changing(requests.answerCheck(id, this.query(), body));
  readonly filled = (asset: number, filter: Filter) => requests.filled(asset, this.query(filter));
  readonly projects = (filter: Filter) => rollout.projects(this.query(filter));
  readonly projectPoints = (filter: Filter) => rollout.projectPoints(this.query(filter));
  readonly rolloutLive = (filter: Filter) => rolloutLive.live(this.query(filter));
  readonly rolloutDevices = (filter: Filter) => rolloutLive.devices(this.query(filter));
  readonly rolloutTemperatures = (filter: Filter) => rolloutLive.temperatures(this.query(filter));
  readonly air = (filter: Filter) => rolloutLive.air(this.query(filter));
  readonly airHours = (area: number, filter: Filter) => rolloutLive.airHours(area, this.query(filter));
  readonly rolloutAreas = (filter: Filter) => rollout.areas(this.query(filter));
  readonly rolloutFigures = (filter: Filter) => rollout.figures(this.query(filter));
  readonly rolloutParts = (filter: Filter) => rollout.parts(this.query(filter));
  /** Heating devices of a village, with what they do now. */
  readonly villageDevices = (village: number, limit: number) => rollout.devices(this.query({ village, limit }));
  readonly channels = () => requests.channels();
  readonly within = (body: requests.WithinBody) => requests.within(this.query(), body);
  readonly section = (filter: Filter) => requests.section(this.query(filter));
  readonly nearest = (filter: Filter) => requests.nearest(this.query(filter));

  decide(id: number, decision: requests.Decision, reason: string): Promise<unknown> {
    return this.changing(requests.decide(id, decision, this.query(), reason));
  }

  acceptAll(body: requests.AcceptAll): ReturnType<typeof requests.acceptAll> {
    return this.changing(requests.acceptAll(this.query(), body));
  }

  edit(id: number, version: number, edit: AssetEdit, reason: string): Promise<unknown> {
    return this.changing(requests.edit(id, this.query(), { ...edit, version, reason }));
  }

  propose(id: number, version: number, edit: AssetEdit, reason: string): Promise<unknown> {
    return this.changing(requests.propose(id, this.query(), { ...edit, version, reason }));
  }

  retire(id: number, reason: string): Promise<unknown> {
    return this.changing(requests.retire(id, this.query(), reason));
  }

  restore(id: number, version: number, reason: string): Promise<unknown> {
    return this.changing(requests.restore(id, this.query(), version, reason));
  }

  revertChange(id: number, reason: string): Promise<unknown> {
    return this.changing(requests.revertChange(id, this.query(), reason));
  }

  judge(id: number, verdict: requests.Verdict, reason: string): Promise<unknown> {
    return this.changing(requests.judge(id, verdict, this.query(), reason));
  }

  /** Fetch a file and hand it to the browser; a refusal is an error with the server's words. */
  save(path: string, filter: Filter): Promise<void> {
    return saveFile(path, this.query(filter));
  }

  /** The catalogue of a kind; asked for once. */
  kind(name: string): Promise<AssetKind> {
    let answer = this.kinds.get(name);
    if (answer === undefined) {
      answer = requests.kind(name);
      answer.catch(() => this.kinds.delete(name));
      this.kinds.set(name, answer);
    }
    return answer;
  }

  /** Panels ask again, and so does the selected asset. */
  changed(): void {
    this.store.dispatch({ type: "archive/changed" });
    this.onChanged();
  }

  private query(filter: Filter = {}): Filter {
    return { city: this.store.get().view.city ?? 1, ...filter };
  }

  private async changing<T>(answer: Promise<T>): Promise<T> {
    const value = await answer;
    this.changed();
    return value;
  }
}

/** The two clicks of a double click stand in one place. */
function withoutRepeats(points: readonly Position[]): Position[] {
  return points.filter((point, i) => i === 0 || point.join() !== points[i - 1]?.join());
}
