/** The city's ground for the globe: heights out of Terrain-RGB tiles of its own raster, as Cesium wants them. */

import { address } from "../api/client";
import type { Raster } from "../api/shapes";

/** Heights along one side of a tile of the globe's surface. */
export const GRID = 33;
/** Pixels along one side of a raster tile. */
const PIXELS = 256;
/** Finer tiles of the globe are read out of a part of these: 6 m a pixel are finer than the usual ground. */
const FINEST = 14;
const KEPT_TILES = 96;

/** Metres by pixel, row 0 in the north; NaN where the raster has no data. */
export type Heights = Float32Array;

/** Decode Terrain-RGB: height = -10000 + (R * 65536 + G * 256 + B) / 10; a transparent pixel is no data. */
export function decode(rgba: Uint8ClampedArray): Heights {
  const heights = new Float32Array(rgba.length / 4);
  for (let i = 0; i < heights.length; i++) {
    const at = i * 4;
    const steps = ((rgba[at] ?? 0) << 16) | ((rgba[at + 1] ?? 0) << 8) | (rgba[at + 2] ?? 0);
    heights[i] = rgba[at + 3] === 0 ? Number.NaN : -10_000 + steps / 10;
  }
  return heights;
}

/** Middle of the known heights, or null where none is known. */
export function median(heights: Heights): number | null {
  const known = heights.filter((height) => !Number.isNaN(height)).sort();
  return known.length === 0 ? null : (known[known.length >> 1] as number);
}

/** The tile of the raster that holds a tile of the globe, and the part of it: its corner and side in [0, 1]. */
export interface Part {
  z: number;
  x: number;
  y: number;
  left: number;
  top: number;
  side: number;
}

export function partOf(x: number, y: number, level: number, finest = FINEST): Part {
  const deeper = Math.max(0, level - finest);
  const count = 2 ** deeper;
  return {
    z: level - deeper,
    x: Math.floor(x / count),
    y: Math.floor(y / count),
    left: (x % count) / count,
    top: (y % count) / count,
    side: 1 / count,
  };
}

/** Height at a place of a tile in pixels, between the four pixels round it; NaN next to no data. */
function between(heights: Heights, px: number, py: number): number {
  const clamp = (value: number) => Math.min(PIXELS - 1, Math.max(0, value));
  const [column, row] = [Math.floor(px), Math.floor(py)];
  const at = (dx: number, dy: number) => heights[clamp(row + dy) * PIXELS + clamp(column + dx)] as number;
  const [fx, fy] = [px - column, py - row];
  const upper = at(0, 0) * (1 - fx) + at(1, 0) * fx;
  const lower = at(0, 1) * (1 - fx) + at(1, 1) * fx;
  return upper * (1 - fy) + lower * fy;
}

/** Heights on the grid of a tile of the globe, from edge to edge; `fill` where the raster knows none, `lift` added to all. */
export function gridOf(heights: Heights, part: Part, fill: number, lift: number): Float32Array {
  const grid = new Float32Array(GRID * GRID);
  for (let row = 0; row < GRID; row++) {
    for (let column = 0; column < GRID; column++) {
      const px = (part.left + (part.side * column) / (GRID - 1)) * PIXELS - 0.5;
      const py = (part.top + (part.side * row) / (GRID - 1)) * PIXELS - 0.5;
      const height = between(heights, px, py);
      grid[row * GRID + column] = (Number.isNaN(height) ? fill : height) + lift;
    }
  }
  return grid;
}

function tileAt(lon: number, lat: number, z: number): [number, number] {
  const sin = Math.sin((lat * Math.PI) / 180);
  const y = 0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI);
  return [Math.floor((lon / 360 + 0.5) * 2 ** z), Math.floor(y * 2 ** z)];
}

async function pixelsOf(blob: Blob): Promise<Uint8ClampedArray> {
  // bytes are heights: nobody may mend their colours
  const bitmap = await createImageBitmap(blob, { premultiplyAlpha: "none", colorSpaceConversion: "none" });
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("the browser draws no picture outside the page");
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height).data;
}

/** Ground of one city. Beyond its raster the ground goes on at the raster's middle height, so that a city has no cliff round it. */
export class Ground {
  private readonly tiles = new Map<string, Promise<Heights>>();
  private filled: Promise<number>;

  constructor(
    private readonly raster: Raster,
    private readonly city: number,
    private readonly liftM: number,
  ) {
    this.filled = this.middleHeight();
  }

  /** Middle height of the ground in the globe's datum, in metres. */
  async middleM(): Promise<number> {
    return (await this.filled) + this.liftM;
  }

  /** Heights of a tile of the globe; what `CustomHeightmapTerrainProvider` asks for. */
  async grid(x: number, y: number, level: number): Promise<Float32Array> {
    const fill = await this.filled;
    const part = partOf(x, y, level, Math.min(FINEST, this.raster.maxzoom));
    if (part.z < this.raster.minzoom || !this.touches(part))
      return new Float32Array(GRID * GRID).fill(fill + this.liftM);
    return gridOf(await this.tile(part.z, part.x, part.y), part, fill, this.liftM);
  }

  private async middleHeight(): Promise<number> {
    const [west, south, east, north] = this.raster.bounds as [number, number, number, number];
    const z = Math.max(this.raster.minzoom, Math.min(11, Math.floor(Math.log2(360 / (east - west)))));
    const [x, y] = tileAt((west + east) / 2, (south + north) / 2, z);
    return median(await this.tile(z, x, y)) ?? 0;
  }

  private touches({ z, x, y }: Part): boolean {
    const [west, south, east, north] = this.raster.bounds as [number, number, number, number];
    const [left, top] = tileAt(west, north, z);
    const [right, bottom] = tileAt(east, south, z);
    return x >= left && x <= right && y >= top && y <= bottom;
  }

  private tile(z: number, x: number, y: number): Promise<Heights> {
    const key = `${z}/${x}/${y}`;
    const known = this.tiles.get(key);
    if (known !== undefined) return known;
    const answer = this.fetched(key);
    answer.catch(() => this.tiles.delete(key));
    this.tiles.set(key, answer);
    for (const oldest of this.tiles.keys()) {
      if (this.tiles.size <= KEPT_TILES) break;
      this.tiles.delete(oldest);
    }
    return answer;
  }

  private async fetched(key: string): Promise<Heights> {
    const url = address(`/raster/${this.raster.layer}/${key}.png`, { city: this.city, style: "terrain" });
    const response = await fetch(url, { credentials: "same-origin" });
    if (!response.ok) throw new Error(`${url}: HTTP ${response.status}`);
    return decode(await pixelsOf(await response.blob()));
  }
}
