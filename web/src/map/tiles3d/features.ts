/** Colours of the features of all tiles that are drawn, by asset: live state, selection, pointer. Knows nothing of deck.gl. */

import { COLOURS } from "../../layers/palette";
import { isAlarm, STATUS, STATUS_COLOURS, statusName } from "../../state/status";
import type { PropertyTable } from "./propertyTable";

export type Rgb = readonly [number, number, number];

/** What the fourth byte of a feature's colour says, by bits; the shader knows the same. */
export const MARK = { selected: 1, hovered: 2 } as const;

/** What tells the live status of an asset. */
export interface Statuses {
  get(assetId: number): number | undefined;
}

/** The features of one tile with a colour each: four bytes (red, green, blue, marks). */
export class TileFeatures {
  readonly colours: Uint8Array;
  /** Columns and rows of the picture that holds the colours. */
  readonly width: number;
  readonly height: number;
  /** Told of the rows whose colour was written. */
  readonly listeners = new Set<(rows: readonly number[]) => void>();

  constructor(
    /** The tileset that the tile is of. */
    readonly tileset: string,
    readonly table: PropertyTable,
    readonly material: Rgb | null,
  ) {
    this.width = Math.min(256, Math.max(1, table.count));
    this.height = Math.max(1, Math.ceil(table.count / this.width));
    this.colours = new Uint8Array(4 * this.width * this.height);
  }

  put(row: number, [red, green, blue]: Rgb, marks: number): void {
    this.colours.set([red, green, blue, marks], 4 * row);
  }

  colour(row: number): [Rgb, number] {
    const [red = 0, green = 0, blue = 0, marks = 0] = this.colours.subarray(4 * row, 4 * row + 4);
    return [[red, green, blue], marks];
  }
}

interface Spot {
  tile: TileFeatures;
  row: number;
}

export function rgb(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

const STATUS_RGB = new Map(
  Object.values(STATUS).map((code) => [code as number, rgb(STATUS_COLOURS[statusName(code)])]),
);
const BUILDING = rgb(COLOURS.building3d);
const FITTING = rgb(COLOURS.valve);
const SIDES: readonly (Rgb | null)[] = [null, rgb(COLOURS.supply), rgb(COLOURS.return)];
const LEVELS: readonly Rgb[] = [
  COLOURS.primary,
  COLOURS.transmission,
  COLOURS.primary,
  COLOURS.secondary,
  COLOURS.primary,
].map(rgb);
const OTHER: Rgb = [138, 155, 178];

/** The colour of a feature that has nothing to report: buildings all alike, pipes as the map draws them. */
export function plainColour({ tileset, table, material }: TileFeatures, row: number): Rgb {
  switch (tileset) {
    case "buildings":
      return BUILDING;
    case "pipes":
      return SIDES[table.number("side", row) ?? 0] ?? LEVELS[table.number("level", row) ?? 0] ?? (LEVELS[0] as Rgb);
    case "fittings":
      return FITTING;
    default:
      return material ?? OTHER;
  }
}

/** The rule of the flat map: an alarm and a cut-off colour an object, what else it reports is told at its station. */
export function shownStatus(code: number | undefined): number | null {
  return code !== undefined && (isAlarm(code) || code === STATUS.cutOff) ? code : null;
}

/** The gravest of what a solid shows: alarms by their level, then a cut-off. */
export function worst(statuses: readonly (number | null)[]): number | null {
  const grave = (code: number) => (isAlarm(code) ? code : 0);
  return statuses.reduce((found, code) => {
    if (code === null || found === null) return found ?? code;
    return grave(code) > grave(found) ? code : found;
  }, null);
}

function push<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/**
 * Paints features by asset. A change of one asset writes four bytes in every tile that holds it: nothing is loaded or built
 * again. An asset may stand in several tiles (a coarse and a fine one) and tilesets.
 */
export class FeaturePainter {
  private readonly spots = new Map<number, Spot[]>();
  private readonly tiles = new Set<TileFeatures>();
  private selected: number | null = null;
  private hovered: number | null = null;
  /** Colours of assets that have nothing to report, by what the page colours them by. */
  private chosen: ReadonlyMap<number, Rgb> = new Map();
  /** What a solid shows beside itself, and where an asset without a solid of its own is shown. */
  private readonly housed = new Map<number, number[]>();
  private readonly bearers = new Map<number, number[]>();

  constructor(private readonly statuses: Statuses) {}

  /** Let solids bear the colours of what stands in them: pairs of an asset and the solid that shows it. */
  house(assetIds: readonly number[], solidIds: readonly number[]): void {
    for (const [i, assetId] of assetIds.entries()) {
      const solid = solidIds[i] as number;
      push(this.housed, solid, assetId);
      push(this.bearers, assetId, solid);
    }
    this.mark(assetIds);
  }

  /** Whether a building or pipe bears the colour of this asset. */
  isHoused(assetId: number): boolean {
    return this.bearers.has(assetId);
  }

  add(tile: TileFeatures): void {
    this.tiles.add(tile);
    const ids = tile.table.assetIds ?? [];
    for (let row = 0; row < ids.length; row++) {
      const id = ids[row] as number;
      push(this.spots, id, { tile, row });
      this.write(id, { tile, row });
    }
  }

  remove(tile: TileFeatures): void {
    if (!this.tiles.delete(tile)) return;
    const ids = tile.table.assetIds ?? [];
    for (let row = 0; row < ids.length; row++) {
      const id = ids[row] as number;
      const left = (this.spots.get(id) ?? []).filter((spot) => spot.tile !== tile);
      if (left.length === 0) this.spots.delete(id);
      else this.spots.set(id, left);
    }
  }

  /** The status of these assets may have changed. Returns how many features were written. */
  mark(ids: Iterable<number>): number {
    const written = new Map<TileFeatures, number[]>();
    let count = 0;
    for (const id of this.solidsOf(ids)) {
      for (const spot of this.spots.get(id) ?? []) {
        if (!this.write(id, spot)) continue;
        push(written, spot.tile, spot.row);
        count += 1;
      }
    }
    for (const [tile, rows] of written) for (const tell of tile.listeners) tell(rows);
    return count;
  }

  /** Colour assets that have nothing to report by what the page colours them by; the others keep the plain colour. */
  colour(chosen: ReadonlyMap<number, Rgb>): void {
    const before = this.chosen;
    this.chosen = chosen;
    this.mark(new Set([...before.keys(), ...chosen.keys()]));
  }

  select(id: number | null): void {
    const before = this.selected;
    if (before === id) return;
    this.selected = id;
    this.mark([before, id].filter((one) => one !== null));
  }

  hover(id: number | null): void {
    const before = this.hovered;
    if (before === id) return;
    this.hovered = id;
    this.mark([before, id].filter((one) => one !== null));
  }

  /** Colours that an asset is drawn in, one a tile that holds it. */
  coloursOf(id: number): Rgb[] {
    return (this.spots.get(id) ?? []).map(({ tile, row }) => tile.colour(row)[0]);
  }

  /** Assets that are drawn in the colour of an alarm. */
  alarmed(): number[] {
    const red = [...STATUS_RGB].filter(([code]) => isAlarm(code)).map(([, colour]) => colour.join());
    const found = [...this.spots].filter(([id]) => this.coloursOf(id).some((colour) => red.includes(colour.join())));
    return found.map(([id]) => id).sort((a, b) => a - b);
  }

  /** Number of features and of tiles that are held. */
  get size(): { features: number; tiles: number } {
    return { features: this.spots.size, tiles: this.tiles.size };
  }

  /** These assets, and the solids that show them. */
  private *solidsOf(ids: Iterable<number>): Iterable<number> {
    for (const id of ids) {
      yield id;
      yield* this.bearers.get(id) ?? [];
    }
  }

  /** Write one feature and tell whether that changed anything. */
  private write(id: number, { tile, row }: Spot): boolean {
    const shows = [id, ...(this.housed.get(id) ?? [])];
    const status = worst(shows.map((one) => shownStatus(this.statuses.get(one))));
    const colour =
      (status === null ? undefined : STATUS_RGB.get(status)) ?? this.chosen.get(id) ?? plainColour(tile, row);
    const isSelected = this.selected !== null && shows.includes(this.selected);
    const marks = (isSelected ? MARK.selected : 0) | (id === this.hovered ? MARK.hovered : 0);
    const [before, marked] = tile.colour(row);
    if (marked === marks && before.every((part, i) => part === colour[i])) return false;
    tile.put(row, colour, marks);
    return true;
  }
}
