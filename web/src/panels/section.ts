/** A vertical section as a drawing: where things stand in it, in pixels. Pure. */

import type { Section } from "../api/shapes";

export type SectionPipe = Section["pipes"][number];

export interface Ellipse {
  pipe: SectionPipe;
  x: number;
  y: number;
  rx: number;
  ry: number;
  /** Points of a pipe along the plane; empty for one across it. */
  course: readonly [number, number][];
  colour: string;
}

export interface Label {
  key: string;
  pipe: SectionPipe;
  lines: readonly [string, string];
  x: number;
  y: number;
  /** From the pipe to the label. */
  leader: string;
}

export interface Layout {
  width: number;
  height: number;
  /** Height units are drawn so many times longer than lengths. */
  times: number;
  ground: string;
  filled: string;
  pipes: Ellipse[];
  labels: Label[];
  /** Pipes for whose label there was no room. */
  crowded: number;
  fittings: { key: string; x: number; top: number; bottom: number; kind: string; code: string; assetId: number }[];
  areas: {
    key: string;
    x: number;
    width: number;
    y: number;
    height: number;
    kind: string;
    name: string;
    assetId: number;
  }[];
  turns: number[];
  ticks: { x: number; text: string }[];
  heights: { y: number; text: string }[];
}

export const STRETCHES = [1, 2, 5, 10, 20, 50, 100, 200] as const;
const LEFT = 44;
const RIGHT = 14;
const TOP = 22;
const PLOT = 170;
const AXIS = 20;
const LABEL_WIDTH = 84;
const LABEL_HEIGHT = 28;
const LABEL_ROWS = 4;
/** Of a building's height, what is drawn at most: the section is about what lies below. */
const WALL_M = 3;
const THINNEST_PX = 2.5;
const LEVEL_COLOURS = ["#8492a6", "#a5f3fc", "#22d3ee", "#2f8fb3", "#a7f3d0"];
const SIDE_COLOURS = ["", "#fb923c", "#38bdf8"];

/** Supply and return by their colours, else by level; gas by its own. */
export function colourOf(pipe: Pick<SectionPipe, "kind" | "side" | "level">): string {
  if (pipe.kind === "gas_pipe") return "#d9c27a";
  return SIDE_COLOURS[pipe.side] || LEVEL_COLOURS[pipe.level] || "#8492a6";
}

/** Heights over the ground's zero where the ground is known, else depths below it. */
function heightOf(ground: number | null | undefined, known: boolean): number {
  return known ? (ground ?? 0) : 0;
}

export function hasGround(section: Section): boolean {
  return section.ground.every(({ height_m }) => height_m !== null);
}

function extent(section: Section, known: boolean): [number, number] {
  const tops = section.ground.map(({ height_m }) => heightOf(height_m, known));
  const bottoms = section.pipes.flatMap((pipe) => {
    const radius = (pipe.outer_diameter_mm ?? 100) / 2000;
    return pipe.course.map((at) => heightOf(at.ground_m, known) - at.axis_depth_m - radius);
  });
  const crowns = section.pipes.flatMap((pipe) =>
    pipe.course.map((at) => heightOf(at.ground_m, known) - at.crown_depth_m),
  );
  const wall = section.areas.some(({ kind }) => kind === "building") ? WALL_M : 0.5;
  const low = Math.min(...tops, ...bottoms) - 0.5;
  const high = Math.max(Math.max(...tops) + wall, ...crowns.map((crown) => crown + 0.3));
  return [low, high];
}

/** The largest of the round factors at which the section is no higher than the drawing. */
export function fittingStretch(section: Section, width: number): number {
  const [low, high] = extent(section, hasGround(section));
  const perM = (width - LEFT - RIGHT) / section.length_m;
  const most = PLOT / ((high - low) * perM);
  return [...STRETCHES].reverse().find((times) => times <= most) ?? 1;
}

export function layoutOf(
  section: Section,
  width: number,
  stretch: number | null,
  labelOf: (pipe: SectionPipe) => readonly [string, string],
): Layout {
  const known = hasGround(section);
  const times = stretch ?? fittingStretch(section, width);
  const perM = (width - LEFT - RIGHT) / section.length_m;
  const [low, high] = extent(section, known);
  const x = (distance: number) => LEFT + distance * perM;
  const y = (height: number) => TOP + (high - height) * perM * times;
  const bottom = y(low);
  const surface = section.ground.map((at) => [x(at.distance_m), y(heightOf(at.height_m, known))] as [number, number]);
  const pipes = section.pipes.map((pipe) => ellipseOf(pipe, known, x, y, perM, times));
  const { labels, crowded, rows } = placed(pipes, width, bottom + AXIS + 10, labelOf);
  const groundAt = (distance: number) => surfaceAt(section, distance, known);
  return {
    width,
    height: bottom + AXIS + 10 + rows * LABEL_HEIGHT + 6,
    times,
    ground: path(surface),
    filled: `${path([...surface, [x(section.length_m), bottom], [x(0), bottom]])}Z`,
    pipes,
    labels,
    crowded,
    fittings: section.fittings.map((one) => ({
      key: `${one.asset_id}`,
      x: x(one.distance_m),
      top: y(groundAt(one.distance_m)),
      bottom: y(groundAt(one.distance_m) - (one.depth_m ?? 1)),
      kind: one.kind,
      code: one.code,
      assetId: one.asset_id,
    })),
    areas: section.areas.map((area, i) => {
      const base = Math.min(groundAt(area.from_m), groundAt(area.to_m));
      const rise = area.kind === "building" ? Math.min(area.height_m ?? WALL_M, WALL_M) : 0.2;
      return {
        key: `${area.asset_id} ${i}`,
        x: x(area.from_m),
        width: Math.max((area.to_m - area.from_m) * perM, 2),
        y: y(base + rise),
        height: y(base) - y(base + rise),
        kind: area.kind,
        name: area.name || area.code,
        assetId: area.asset_id,
      };
    }),
    turns: section.turns_m.map(x),
    ticks: steps(0, section.length_m, 6).map((at) => ({ x: x(at), text: `${at}` })),
    heights: steps(low, high, 5).map((at) => ({ y: y(at), text: `${at}` })),
  };
}

function surfaceAt(section: Section, distance: number, known: boolean): number {
  if (!known || section.ground.length === 0) return 0;
  const at = Math.min(
    Math.round(distance / (section.length_m / (section.ground.length - 1))),
    section.ground.length - 1,
  );
  return section.ground[Math.max(at, 0)]?.height_m ?? 0;
}

function ellipseOf(
  pipe: SectionPipe,
  known: boolean,
  x: (distance: number) => number,
  y: (height: number) => number,
  perM: number,
  times: number,
): Ellipse {
  const places = pipe.course.map(
    (at) => [x(at.distance_m), y(heightOf(at.ground_m, known) - at.axis_depth_m)] as [number, number],
  );
  const middle = places[Math.floor((places.length - 1) / 2)] ?? [0, 0];
  const diameter = (pipe.outer_diameter_mm ?? 0) / 1000;
  return {
    pipe,
    x: middle[0],
    y: middle[1],
    rx: Math.max(((pipe.width_m ?? diameter) / 2) * perM, THINNEST_PX),
    ry: Math.max((diameter / 2) * perM * times, THINNEST_PX),
    course: pipe.along ? places : [],
    colour: colourOf(pipe),
  };
}

/** Labels stand in rows under the drawing, each as near to its pipe as the row has room. */
function placed(
  pipes: readonly Ellipse[],
  width: number,
  top: number,
  labelOf: (pipe: SectionPipe) => readonly [string, string],
): { labels: Label[]; crowded: number; rows: number } {
  const ends: number[] = [];
  const labels: Label[] = [];
  let crowded = 0;
  for (const one of [...pipes].sort((a, b) => a.x - b.x)) {
    const wanted = Math.min(Math.max(one.x - LABEL_WIDTH / 2, 0), width - LABEL_WIDTH);
    let row = ends.findIndex((end) => end <= wanted);
    if (row < 0 && ends.length < LABEL_ROWS) row = ends.push(0) - 1;
    if (row < 0) row = ends.indexOf(Math.min(...ends));
    const left = Math.max(wanted, ends[row] ?? 0);
    if (left > width - LABEL_WIDTH) {
      crowded += 1;
      continue;
    }
    ends[row] = left + LABEL_WIDTH;
    const [labelX, labelY] = [left + LABEL_WIDTH / 2, top + row * LABEL_HEIGHT];
    labels.push({
      key: `${one.pipe.asset_id} ${one.pipe.course[0]?.distance_m}`,
      pipe: one.pipe,
      lines: labelOf(one.pipe),
      x: labelX,
      y: labelY,
      leader: path([
        [one.x, one.y + one.ry],
        [labelX, labelY],
      ]),
    });
  }
  return { labels, crowded, rows: ends.length };
}

function path(points: readonly (readonly [number, number])[]): string {
  return points.map(([px, py], i) => `${i === 0 ? "M" : "L"}${px.toFixed(1)} ${py.toFixed(1)}`).join("");
}

/** Round numbers from `low` to `high`, about `count` of them. */
export function steps(low: number, high: number, count: number): number[] {
  const rough = (high - low) / count;
  const ten = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * ten).find((one) => one >= rough) ?? ten;
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  const found: number[] = [];
  for (let at = Math.ceil(low / step) * step; at <= high + 1e-9; at += step) found.push(Number(at.toFixed(digits)));
  return found;
}

const CSV = [
  "asset_id",
  "kind",
  "code",
  "pair_id",
  "dn",
  "outer_diameter_mm",
  "level",
  "side",
  "burial_method",
  "depth_source",
  "angle_deg",
  "width_m",
] as const;
const CSV_COURSE = ["distance_m", "crown_depth_m", "axis_depth_m", "ground_m", "axis_m"] as const;

/** The pipes of a section, a line for each place. */
export function csvOf(section: Section): string {
  const quoted = (value: unknown) => {
    const text = value === null || value === undefined ? "" : String(value);
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const rows = section.pipes.flatMap((pipe) =>
    pipe.course.map((at) => [...CSV.map((name) => pipe[name]), ...CSV_COURSE.map((name) => at[name])]),
  );
  return [[...CSV, ...CSV_COURSE], ...rows].map((row) => row.map(quoted).join(",")).join("\r\n");
}
