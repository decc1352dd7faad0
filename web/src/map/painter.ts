import type { Map as MapLibreMap } from "maplibre-gl";
import type { StatusTable } from "../live/table";

/** Sources whose feature ids are asset ids, with their layer. */
const TARGETS = [
  { source: "assets", sourceLayer: "asset" },
  { source: "network", sourceLayer: "pipe" },
  { source: "buildings", sourceLayer: "building" },
] as const;

/** Writes changed statuses into feature-state, once an animation frame and only for the ids that changed. */
export class StatusPainter {
  private readonly pending = new Set<number>();
  private frame: number | null = null;

  constructor(
    private readonly map: MapLibreMap,
    private readonly statuses: StatusTable,
  ) {}

  mark(ids: Iterable<number>): void {
    for (const id of ids) this.pending.add(id);
    if (this.pending.size > 0 && this.frame === null) this.frame = requestAnimationFrame(() => this.flush());
  }

  /** Sources that were just added know nothing yet. */
  markAll(): void {
    this.mark([...this.statuses.entries()].map(([id]) => id));
  }

  stop(): void {
    if (this.frame !== null) cancelAnimationFrame(this.frame);
  }

  private flush(): void {
    this.frame = null;
    const targets = TARGETS.filter(({ source }) => this.map.getSource(source) !== undefined);
    // without sources there is nothing to paint; `markAll` follows when they come
    for (const id of this.pending) {
      const status = this.statuses.get(id) ?? 0;
      for (const target of targets) this.map.setFeatureState({ ...target, id }, { status });
    }
    this.pending.clear();
  }
}
