import type { LiveMessage } from "./delta";

const UNKNOWN = 0xff;
const FIRST_SIZE = 1024;
const CODES = 9;

/**
 * Latest status of every asset that the feed has named; one instance for the page, changed only by `apply`. Asset ids are
 * dense, so two bytes an id hold it: 0.7 MB for 350,000 assets, where two maps took some 30.
 */
export class StatusTable {
  private codes = new Uint8Array(FIRST_SIZE).fill(UNKNOWN);
  private graded = new Uint8Array(FIRST_SIZE);
  private readonly byCode = new Array<number>(CODES).fill(0);
  private known = 0;

  get size(): number {
    return this.known;
  }

  get(assetId: number): number | undefined {
    const code = this.codes[assetId];
    return code === UNKNOWN ? undefined : code;
  }

  quality(assetId: number): number | undefined {
    return this.get(assetId) === undefined ? undefined : this.graded[assetId];
  }

  *entries(): IterableIterator<[number, number]> {
    for (let id = 0; id < this.codes.length; id++) {
      const code = this.codes[id] as number;
      if (code !== UNKNOWN) yield [id, code];
    }
  }

  /** Number of assets by status code 0-8. */
  counts(): number[] {
    return [...this.byCode];
  }

  /** Take a message in and return the ids whose status differs from before; a snapshot drops ids it does not name. */
  apply(message: LiveMessage): number[] {
    const { assetIds, statuses, qualities } = message;
    const changed = message.kind === "snapshot" ? this.dropAllBut(assetIds) : [];
    this.reach(assetIds.at(-1) ?? 0);
    for (let i = 0; i < assetIds.length; i++) {
      const id = assetIds[i] as number;
      const code = statuses[i] ?? 0;
      if (this.put(id, code)) changed.push(id);
      this.graded[id] = qualities[i] ?? 2;
    }
    return changed;
  }

  clear(): number[] {
    return this.dropAllBut(new Uint32Array(0));
  }

  /** Ids rise in a message: the last one is the largest. */
  private reach(id: number): void {
    if (id < this.codes.length) return;
    const size = Math.max(id + 1, this.codes.length * 2);
    const codes = new Uint8Array(size).fill(UNKNOWN);
    codes.set(this.codes);
    const graded = new Uint8Array(size);
    graded.set(this.graded);
    this.codes = codes;
    this.graded = graded;
  }

  private put(id: number, code: number): boolean {
    const before = this.codes[id] as number;
    if (before === code) return false;
    this.count(before, -1);
    this.count(code, 1);
    this.codes[id] = code;
    return true;
  }

  private count(code: number, step: number): void {
    if (code === UNKNOWN) return;
    this.known += step;
    if (code < CODES) this.byCode[code] = (this.byCode[code] as number) + step;
  }

  /** Forget all ids that are not among these, which rise. */
  private dropAllBut(kept: Uint32Array): number[] {
    const dropped: number[] = [];
    let next = 0;
    for (let id = 0; id < this.codes.length; id++) {
      while (next < kept.length && (kept[next] as number) < id) next++;
      if (this.codes[id] !== UNKNOWN && kept[next] !== id && this.put(id, UNKNOWN)) dropped.push(id);
    }
    return dropped;
  }
}
