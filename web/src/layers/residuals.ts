import type { Grid } from "../api/records";
import type { OverlayFeature } from "../state/overlay";
import { distanceM } from "../state/shapes";

const METRES_A_DEGREE = 111_320;
/** The longest vector takes this share of the diagonal of the points. */
const LONGEST_SHARE = 0.18;
/** Exaggerations that people read without thinking. */
const STEPS = [1, 2, 5];
/** Length of an arrow's barbs, as a share of it, and their angle. */
const BARB = 0.22;
const BARB_ANGLE = Math.PI / 7;

/** A round number by which residuals are lengthened so that the longest one can be seen. */
export function exaggerationOf(grid: Pick<Grid, "points">): number {
  const longest = Math.max(0, ...grid.points.map(({ dx_m, dy_m }) => Math.hypot(dx_m, dy_m)));
  const placed = grid.points.flatMap(({ position }) => (position === null ? [] : [position]));
  const [lons, lats] = [placed.map(([lon]) => lon), placed.map(([, lat]) => lat)];
  const across = distanceM([Math.min(...lons), Math.min(...lats)], [Math.max(...lons), Math.max(...lats)]);
  if (longest === 0 || !(across > 0)) return 1;
  const wanted = (across * LONGEST_SHARE) / longest;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = [...STEPS].reverse().find((one) => one * power <= wanted) ?? 1;
  return Math.max(1, step * power);
}

/** Points of a fit with the vectors by which they miss, lengthened `times` times; the suspect one has a role of its own. */
export function residualFeatures(grid: Grid, times: number): OverlayFeature[] {
  return grid.points.flatMap((point) => {
    if (point.position === null) return [];
    const role = point.name === grid.suspect ? "suspect" : "residual";
    const [lon, lat] = point.position;
    const ends = arrow([lon, lat], point.dx_m * times, point.dy_m * times);
    const label = `${point.name} ${(Math.hypot(point.dx_m, point.dy_m) * 1000).toFixed(0)} mm`;
    return [
      { type: "Feature", geometry: { type: "Point", coordinates: [lon, lat] }, properties: { role, label } },
      { type: "Feature", geometry: { type: "MultiLineString", coordinates: ends }, properties: { role } },
    ] satisfies OverlayFeature[];
  });
}

/** A line with two barbs, from a position by metres east and north. */
function arrow([lon, lat]: [number, number], eastM: number, northM: number): [number, number][][] {
  const perLon = METRES_A_DEGREE * Math.cos((lat * Math.PI) / 180);
  const at = (x: number, y: number): [number, number] => [lon + x / perLon, lat + y / METRES_A_DEGREE];
  const barb = (angle: number): [number, number][] => {
    const [cos, sin] = [Math.cos(angle) * BARB, Math.sin(angle) * BARB];
    return [at(eastM, northM), at(eastM - (eastM * cos - northM * sin), northM - (eastM * sin + northM * cos))];
  };
  return [[at(0, 0), at(eastM, northM)], barb(BARB_ANGLE), barb(-BARB_ANGLE)];
}
