/** The view through the ground: what fades, and the wall of a section with the pipes it cuts. */

import type { Layer } from "@deck.gl/core";
import { PolygonLayer, ScatterplotLayer } from "@deck.gl/layers";
import type { Section } from "../api/shapes";
import { COLOURS } from "../layers/palette";
import type { Position } from "../state/shapes";
import { POSTS } from "./posts";

/** What of the page's state the view through the ground follows. */
export interface Under {
  xray: boolean;
  /** How much of the ground is left, percent. */
  cover: number;
  section: Section | null;
  line: readonly Position[] | null;
}

export const NOTHING_UNDER: Under = { xray: false, cover: 100, section: null, line: null };
/** deck.gl draws the 2.2nd root of it: a fifth. */
const SOLID_OPACITY = 0.03;
const WALL: [number, number, number, number] = [148, 197, 255, 110];
const WALL_EDGE: [number, number, number, number] = [200, 226, 255, 200];
const DEEPEST_LEAST_M = 3;
const BUILDINGS = "buildings";

/** Fade the map under the 3D view; without x-ray it is whole. */
export function fadeGround(canvas: HTMLElement, { xray, cover }: Under): void {
  canvas.style.opacity = xray ? String(cover / 100) : "";
}

/** Buildings and prisms become glass while one looks through the ground, and hide nothing. */
export function seenThrough(layer: Layer, { xray }: Under): Layer {
  if (!xray || !(layer.id === BUILDINGS || layer.id.startsWith(POSTS))) return layer;
  return layer.clone({ opacity: SOLID_OPACITY, parameters: { depthWriteEnabled: false } } as object);
}

/** The wall of the section and a ring round each pipe that it cuts, at their depths below a ground of 0. */
export function sectionLayers({ section, line }: Under): Layer[] {
  if (section === null || line === null) return [];
  const depths = section.pipes.flatMap(({ course }) => course.map((at) => at.axis_depth_m));
  const bottom = -Math.max(DEEPEST_LEAST_M, ...depths.map((depth) => depth + 1));
  const walls = line.slice(1).map((to, i) => wallOf(line[i] as Position, to, bottom));
  const cuts = section.pipes.flatMap((pipe) =>
    pipe.course.map((at) => ({
      position: [at.position_wgs84[0], at.position_wgs84[1], -at.axis_depth_m],
      radius: (pipe.outer_diameter_mm ?? 200) / 2000,
      colour: rgb(pipe.side === 1 ? COLOURS.supply : pipe.side === 2 ? COLOURS.return : COLOURS.primary),
    })),
  );
  return [
    new PolygonLayer({
      id: "section-wall",
      data: walls,
      // a wall is upright: its corners are no outline on the ground
      _full3d: true,
      positionFormat: "XYZ",
      getPolygon: (wall: number[][]) => wall as never,
      getFillColor: WALL,
      getLineColor: WALL_EDGE,
      getLineWidth: 1.5,
      lineWidthUnits: "pixels",
      parameters: { cullMode: "none", depthWriteEnabled: false },
    } as never),
    new ScatterplotLayer({
      id: "section-cuts",
      data: cuts,
      billboard: true,
      getPosition: (cut: (typeof cuts)[number]) => cut.position as [number, number, number],
      getRadius: (cut: (typeof cuts)[number]) => cut.radius,
      radiusMinPixels: 5,
      getFillColor: (cut: (typeof cuts)[number]) => cut.colour,
      stroked: true,
      getLineColor: [255, 255, 255],
      lineWidthUnits: "pixels",
      getLineWidth: 1.5,
      parameters: { depthCompare: "always" },
    }),
  ];
}

function wallOf([lon, lat]: Position, [lon2, lat2]: Position, bottom: number): number[][] {
  return [
    [lon, lat, 0],
    [lon2, lat2, 0],
    [lon2, lat2, bottom],
    [lon, lat, bottom],
  ];
}

function rgb(hex: string): [number, number, number] {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as [number, number, number];
}
