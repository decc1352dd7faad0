/** Earth-centred coordinates to places on the map (WGS-84; EPSG Guidance Note 7-2, 4.1.1). */

const A = 6_378_137;
const F = 1 / 298.257223563;
const B = A * (1 - F);
const E2 = F * (2 - F);
const SECOND_E2 = E2 / (1 - E2);
const DEGREES = 180 / Math.PI;

/** 16 numbers by column, as glTF and 3D Tiles write matrices. */
export type Matrix = ArrayLike<number>;
export type Place = [lon: number, lat: number, height: number];

/**
 * Longitude and latitude in degrees, height in metres above the ellipsoid. Bowring's closed form: within a micrometre at the
 * heights of a city.
 */
export function geodetic(x: number, y: number, z: number): Place {
  const flat = Math.hypot(x, y);
  const reduced = Math.atan2(z * A, flat * B);
  const sine = Math.sin(reduced);
  const cosine = Math.cos(reduced);
  const lat = Math.atan2(z + SECOND_E2 * B * sine ** 3, flat - E2 * A * cosine ** 3);
  const upright = Math.sin(lat);
  const radius = A / Math.sqrt(1 - E2 * upright * upright);
  const height = flat * Math.cos(lat) + z * upright - (A * A) / radius;
  return [Math.atan2(y, x) * DEGREES, lat * DEGREES, height];
}

/**
 * Take points through a matrix that ends earth-centred, to offsets from a place: degrees of longitude and latitude, and metres
 * of height. Every point stands where the map draws its longitude and latitude, however far it lies from the middle of its
 * tile: a flat frame of metres is metres off at the ends of a city, and sinks below the map by the curvature of the earth.
 */
export function placedOffsets(points: ArrayLike<number>, matrix: Matrix, [lon, lat]: Place): Float32Array {
  const m = matrix as number[];
  const offsets = new Float32Array(points.length);
  for (let i = 0; i < points.length; i += 3) {
    const x = points[i] as number;
    const y = points[i + 1] as number;
    const z = points[i + 2] as number;
    const place = geodetic(
      (m[0] as number) * x + (m[4] as number) * y + (m[8] as number) * z + (m[12] as number),
      (m[1] as number) * x + (m[5] as number) * y + (m[9] as number) * z + (m[13] as number),
      (m[2] as number) * x + (m[6] as number) * y + (m[10] as number) * z + (m[14] as number),
    );
    offsets[i] = place[0] - lon;
    offsets[i + 1] = place[1] - lat;
    offsets[i + 2] = place[2];
  }
  return offsets;
}

/** Directions (bytes of -127 to 127, padded to four) in east, north, up at a place. */
export function turnedNormals(normals: ArrayLike<number>, matrix: Matrix, [lon, lat]: Place): Int8Array {
  const turn = multiplied(eastNorthUp(lon, lat), matrix);
  const at = (place: number) => turn[place] as number;
  const [a, b, c, d, e, f, g, h, i] = [at(0), at(4), at(8), at(1), at(5), at(9), at(2), at(6), at(10)];
  const count = normals.length / 3;
  const turned = new Int8Array(count * 4);
  for (let n = 0; n < count; n++) {
    const x = normals[3 * n] as number;
    const y = normals[3 * n + 1] as number;
    const z = normals[3 * n + 2] as number;
    const east = a * x + b * y + c * z;
    const north = d * x + e * y + f * z;
    const up = g * x + h * y + i * z;
    const scale = 127 / (Math.hypot(east, north, up) || 1);
    turned[4 * n] = Math.round(east * scale);
    turned[4 * n + 1] = Math.round(north * scale);
    turned[4 * n + 2] = Math.round(up * scale);
  }
  return turned;
}

/** The turn from earth-centred axes to east, north, up. */
function eastNorthUp(lonDeg: number, latDeg: number): number[] {
  const [lon, lat] = [lonDeg / DEGREES, latDeg / DEGREES];
  const [sl, cl, sp, cp] = [Math.sin(lon), Math.cos(lon), Math.sin(lat), Math.cos(lat)];
  return [-sl, -sp * cl, cp * cl, 0, cl, -sp * sl, cp * sl, 0, 0, cp, sp, 0, 0, 0, 0, 1];
}

/** `left * right`: the right one is applied first. */
export function multiplied(left: Matrix, right: Matrix): number[] {
  const product = new Array<number>(16).fill(0);
  for (let column = 0; column < 4; column++)
    for (let row = 0; row < 4; row++)
      for (let k = 0; k < 4; k++)
        product[4 * column + row] =
          (product[4 * column + row] ?? 0) + (left[4 * k + row] ?? 0) * (right[4 * column + k] ?? 0);
  return product;
}

export const UNTURNED: readonly number[] = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

/** Translation, turn (a unit quaternion) and scale as one matrix. */
export function composed(t: ArrayLike<number>, q: ArrayLike<number>, s: ArrayLike<number>): number[] {
  const [x, y, z, w] = [q[0] ?? 0, q[1] ?? 0, q[2] ?? 0, q[3] ?? 1];
  const [sx, sy, sz] = [s[0] ?? 1, s[1] ?? 1, s[2] ?? 1];
  return [
    ...[(1 - 2 * (y * y + z * z)) * sx, 2 * (x * y + z * w) * sx, 2 * (x * z - y * w) * sx, 0],
    ...[2 * (x * y - z * w) * sy, (1 - 2 * (x * x + z * z)) * sy, 2 * (y * z + x * w) * sy, 0],
    ...[2 * (x * z + y * w) * sz, 2 * (y * z - x * w) * sz, (1 - 2 * (x * x + y * y)) * sz, 0],
    ...[t[0] ?? 0, t[1] ?? 0, t[2] ?? 0, 1],
  ];
}
