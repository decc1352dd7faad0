/** Shapes that a person draws on the map, as GeoJSON in WGS-84. */

export type Tool = "rectangle" | "polygon" | "circle" | "point" | "line";
export type Position = readonly [number, number];

const EARTH_RADIUS_M = 6_371_008.8;
const RAD = Math.PI / 180;
const CORNERS = 64;
/** Positions of a shape in an address: 5 decimals are about a metre. */
const DECIMALS = 5;
const LINE_DECIMALS = 7;

/** Great-circle distance in metres; within 0.5 % of the ellipsoid. */
export function distanceM([lon1, lat1]: Position, [lon2, lat2]: Position): number {
  const [dLat, dLon] = [(lat2 - lat1) * RAD, (lon2 - lon1) * RAD];
  const h = Math.sin(dLat / 2) ** 2 + Math.cos(lat1 * RAD) * Math.cos(lat2 * RAD) * Math.sin(dLon / 2) ** 2;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** How many clicks finish a shape; null: as many as one likes. */
export function clicksOf(tool: Tool): number | null {
  return tool === "polygon" || tool === "line" ? null : tool === "point" ? 1 : 2;
}

function ring(points: readonly Position[]): GeoJSON.Polygon {
  return { type: "Polygon", coordinates: [[...points, points[0] as Position].map(([lon, lat]) => [lon, lat])] };
}

function rectangle([west, south]: Position, [east, north]: Position): GeoJSON.Polygon {
  return ring([
    [west, south],
    [east, south],
    [east, north],
    [west, north],
  ]);
}

function circle(centre: Position, edge: Position): GeoJSON.Polygon {
  const radiusM = distanceM(centre, edge);
  const dLat = radiusM / EARTH_RADIUS_M / RAD;
  const dLon = dLat / Math.cos(centre[1] * RAD);
  const corners = Array.from({ length: CORNERS }, (_, i): Position => {
    const angle = (2 * Math.PI * i) / CORNERS;
    return [centre[0] + dLon * Math.cos(angle), centre[1] + dLat * Math.sin(angle)];
  });
  return ring(corners);
}

/** The shape that some clicks make; null while there are too few of them. */
export function shapeOf(
  tool: Tool,
  points: readonly Position[],
): GeoJSON.Polygon | GeoJSON.Point | GeoJSON.LineString | null {
  const [first, second] = points;
  if (first === undefined) return null;
  if (tool === "point") return { type: "Point", coordinates: [...first] };
  if (second === undefined) return null;
  if (tool === "line") return { type: "LineString", coordinates: points.map(([lon, lat]) => [lon, lat]) };
  if (tool === "rectangle") return rectangle(first, second);
  if (tool === "circle") return circle(first, second);
  return points.length < 3 ? null : ring(points);
}

/** A shape as the address holds it: `circle:125.30000,43.85000;125.31000,43.85000`. */
export function writeShape(tool: Tool, points: readonly Position[]): string {
  return `${tool}:${points.map(([lon, lat]) => `${lon.toFixed(DECIMALS)},${lat.toFixed(DECIMALS)}`).join(";")}`;
}

/** A line as the address and the server hold it: `125.3000000,43.8500000;125.3010000,43.8500000`; 7 decimals are a centimetre. */
export function writeLine(points: readonly Position[]): string {
  return points.map(([lon, lat]) => `${lon.toFixed(LINE_DECIMALS)},${lat.toFixed(LINE_DECIMALS)}`).join(";");
}

/** Points of a line of an address; null when they make none. */
export function readLine(text: string | undefined): Position[] | null {
  if (text === undefined) return null;
  const points = text.split(";").map((pair) => pair.split(",").map(Number) as unknown as Position);
  const good = points.every((at) => at.length === 2 && Math.abs(at[0]) <= 180 && Math.abs(at[1]) <= 90);
  return good && points.length > 1 ? points : null;
}

/** Tool and points of an address; null when they make no shape. */
export function readShape(text: string | undefined): { tool: Tool; points: Position[] } | null {
  const [name, rest] = text?.split(":") ?? [];
  const tool = (["rectangle", "polygon", "circle", "point"] as const).find((one) => one === name);
  if (tool === undefined || rest === undefined) return null;
  const points = rest.split(";").map((pair) => pair.split(",").map(Number) as unknown as Position);
  const good = points.every(([lon, lat]) => Math.abs(lon) <= 180 && Math.abs(lat) <= 90);
  return good && shapeOf(tool, points) !== null ? { tool, points } : null;
}
