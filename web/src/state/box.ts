export type Box = [number, number, number, number];
type Nested = readonly (number | Nested)[];

function* positions(nested: Nested): Generator<[number, number]> {
  const [first, second] = nested;
  if (typeof first === "number" && typeof second === "number") yield [first, second];
  else for (const part of nested) if (typeof part !== "number") yield* positions(part);
}

function coordinatesOf(geometry: object | null): Nested {
  return geometry !== null && "coordinates" in geometry ? (geometry.coordinates as Nested) : [];
}

/** A box with more around it on every side, as a share of its size. */
export function grown([west, south, east, north]: Box, share: number): Box {
  const [dx, dy] = [(east - west) * share, (north - south) * share];
  return [west - dx, south - dy, east + dx, north + dy];
}

/** West, south, east, north of features, or null when they hold no position. */
export function boxOf(features: readonly { geometry: object | null }[]): Box | null {
  const box: Box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const feature of features) {
    for (const [lon, lat] of positions(feature.geometry === null ? [] : partsOf(feature.geometry))) {
      box[0] = Math.min(box[0], lon);
      box[1] = Math.min(box[1], lat);
      box[2] = Math.max(box[2], lon);
      box[3] = Math.max(box[3], lat);
    }
  }
  return Number.isFinite(box[0]) ? box : null;
}

/**
 * The box of the middle of many points: in each direction a share of the points at either end is left out, so that a few
 * far towns do not shrink a city to a speck. Null when there is no point.
 */
export function boxOfMost(points: readonly (readonly [number, number])[], leftOut: number): Box | null {
  const end = (axis: 0 | 1, share: number): number => {
    const sorted = points.map((point) => point[axis]).sort((a, b) => a - b);
    return sorted[Math.round(share * (sorted.length - 1))] as number;
  };
  if (points.length === 0) return null;
  return [end(0, leftOut), end(1, leftOut), end(0, 1 - leftOut), end(1, 1 - leftOut)];
}

/** The box of the positions that two geometries do not share; null when they share all, or one of them is missing. */
export function changedBox(before: object | null, after: object | null): Box | null {
  if (before === null || after === null) return null;
  const [old, fresh] = [before, after].map((one) => [...positions(partsOf(one))]);
  const key = (position: readonly number[]) => position.slice(0, 2).join();
  const [oldKeys, freshKeys] = [new Set(old?.map(key)), new Set(fresh?.map(key))];
  const changed = [
    ...(old ?? []).filter((one) => !freshKeys.has(key(one))),
    ...(fresh ?? []).filter((one) => !oldKeys.has(key(one))),
  ];
  return changed.length === 0 ? null : boxOf([{ geometry: { type: "MultiPoint", coordinates: changed } }]);
}

/** Coordinates of a geometry, those of a collection's parts together. */
function partsOf(geometry: object): Nested {
  if ("geometries" in geometry) return (geometry.geometries as object[]).map(partsOf);
  return coordinatesOf(geometry);
}
