import type { LiveMessage } from "./delta";

/** Latest status of every asset that the feed has named; one instance for the page, changed only by `apply`. */
export class StatusTable {
  private readonly codes = new Map<number, number>();
  private readonly graded = new Map<number, number>();

  get size(): number {
    return this.codes.size;
  }

  get(assetId: number): number | undefined {
    return this.codes.get(assetId);
  }

  quality(assetId: number): number | undefined {
    return this.graded.get(assetId);
  }

  entries(): IterableIterator<[number, number]> {
    return this.codes.entries();
  }

  /** Number of assets by status code 0-8. */
  counts(): number[] {
    const counts = new Array<number>(9).fill(0);
    for (const code of this.codes.values()) counts[code] = (counts[code] ?? 0) + 1;
    return counts;
  }

  /** Take a message in and return the ids whose status differs from before; a snapshot drops ids it does not name. */
  apply(message: LiveMessage): number[] {
    const changed = message.kind === "snapshot" ? this.dropAllBut(new Set(message.assetIds)) : [];
    message.assetIds.forEach((id, i) => {
      const code = message.statuses[i] ?? 0;
      if (this.codes.get(id) !== code) changed.push(id);
      this.codes.set(id, code);
      this.graded.set(id, message.qualities[i] ?? 2);
    });
    return changed;
  }

  clear(): number[] {
    return this.dropAllBut(new Set());
  }

  private dropAllBut(kept: ReadonlySet<number>): number[] {
    const dropped = [...this.codes.keys()].filter((id) => !kept.has(id));
    for (const id of dropped) {
      this.codes.delete(id);
      this.graded.delete(id);
    }
    return dropped;
  }
}
