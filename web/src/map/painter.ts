import type { Map as MapLibreMap } from "maplibre-gl";
import type { StatusTable } from "../live/table";

interface Target {
  source: string;
  sourceLayer: string;
}

/** Sources whose feature ids are asset ids, with their layer. */
const OF_ASSETS: readonly Target[] = [
  { source: "assets", sourceLayer: "asset" },
  { source: "network", sourceLayer: "pipe" },
  { source: "buildings", sourceLayer: "building" },
];
/** Below zoom 14 a pipe's feature id is its segment; further in it is an asset, so the two have a state each. */
const OF_SEGMENTS: readonly Target[] = [{ source: "network", sourceLayer: "pipe" }];

/** Ids written in one animation frame: more would stop the page, as a whole city has 350,000. */
const IDS_A_FRAME = 4000;

/** Writes changed statuses into feature-state, some thousand an animation frame and only for the ids that changed. */
export class StatusPainter {
  private readonly pending = new Set<number>();
  /** Ids that the map has a state of: the others are drawn as 0, so 0 need not be told of them. */
  private readonly told = new Set<number>();
  private frame: number | null = null;

  constructor(
    private readonly map: MapLibreMap,
    private readonly statuses: StatusTable,
    private readonly of: "status" | "segment" = "status",
  ) {}

  mark(ids: Iterable<number>): void {
    for (const id of ids) this.pending.add(id);
    this.next();
  }

  /** Sources that were just added know nothing yet. */
  markAll(): void {
    for (const [id] of this.statuses.entries()) this.pending.add(id);
    this.next();
  }

  stop(): void {
    if (this.frame !== null) cancelAnimationFrame(this.frame);
  }

  private next(): void {
    if (this.pending.size > 0 && this.frame === null) this.frame = requestAnimationFrame(() => this.flush());
  }

  private flush(): void {
    this.frame = null;
    const targets = (this.of === "status" ? OF_ASSETS : OF_SEGMENTS).filter(
      ({ source }) => this.map.getSource(source) !== undefined,
    );
    // without sources there is nothing to paint; `markAll` follows when they come
    if (targets.length === 0) this.pending.clear();
    let left = IDS_A_FRAME;
    for (const id of this.pending) {
      if (left-- === 0) break;
      this.pending.delete(id);
      const status = this.statuses.get(id) ?? 0;
      if (status === 0 && !this.told.has(id)) continue;
      this.told.add(id);
      for (const target of targets) this.map.setFeatureState({ ...target, id }, { [this.of]: status });
    }
    this.next();
  }
}
