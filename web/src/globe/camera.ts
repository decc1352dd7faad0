/** The map's camera and the globe's are one view: a place, a zoom, a pitch and a bearing, as the address holds them. */

const EARTH_M = 40_075_016.686;
/** MapLibre's tiles: zoom z shows the world in 512 * 2^z pixels. */
const TILE_PX = 512;
/** Ranges that still make sense over a city. */
const NEAREST_M = 5;
const FARTHEST_M = 5e6;

/** Metres of ground a pixel at a zoom of the map. */
export function metresAPixel(zoom: number, lat: number): number {
  return (EARTH_M * Math.cos((lat * Math.PI) / 180)) / (TILE_PX * 2 ** zoom);
}

/** Metres from the eye to the place in the middle, so that the middle is as large as on the map. `fovy` in radians. */
export function rangeOfZoom(zoom: number, lat: number, heightPx: number, fovy: number): number {
  const range = (metresAPixel(zoom, lat) * heightPx) / 2 / Math.tan(fovy / 2);
  return Math.min(FARTHEST_M, Math.max(NEAREST_M, range));
}

/** The map's zoom at which the middle is as large as from so far. */
export function zoomOfRange(rangeM: number, lat: number, heightPx: number, fovy: number): number {
  const pixel = (rangeM * 2 * Math.tan(fovy / 2)) / heightPx;
  return Math.log2(metresAPixel(0, lat) / pixel);
}

/** Zoom at which a box of degrees fits into a window of the map. */
export function zoomOfBox(box: readonly [number, number, number, number], widthPx: number, heightPx: number): number {
  const [west, south, east, north] = box;
  const middle = (south + north) / 2;
  const wideM = ((east - west) / 360) * EARTH_M * Math.cos((middle * Math.PI) / 180);
  const highM = ((north - south) / 360) * EARTH_M;
  const pixel = Math.max(wideM / widthPx, highM / heightPx, 0.01);
  return Math.min(20, Math.log2(metresAPixel(0, middle) / pixel));
}

/** Where light falls to at a place when the sun stands 50 degrees high in the south-west: a unit vector, earth-centred. */
export function daylight(lon: number, lat: number): [number, number, number] {
  const [l, p] = [(lon * Math.PI) / 180, (lat * Math.PI) / 180];
  const east = [-Math.sin(l), Math.cos(l), 0];
  const north = [-Math.sin(p) * Math.cos(l), -Math.sin(p) * Math.sin(l), Math.cos(p)];
  const up = [Math.cos(p) * Math.cos(l), Math.cos(p) * Math.sin(l), Math.sin(p)];
  const level = Math.cos((50 * Math.PI) / 180) / Math.SQRT2;
  const down = -Math.sin((50 * Math.PI) / 180);
  return [0, 1, 2].map(
    (axis) => level * (east[axis] as number) + level * (north[axis] as number) + down * (up[axis] as number),
  ) as [number, number, number];
}
