import type { PaddingOptions } from "maplibre-gl";

/** What stands at the sides of a map, and what lies at its upper or lower end. */
const SIDES = { left: ".side.left", right: ".side.right" } as const;
const ENDS = ".wall-title, .wall-strip, .map-frame .synthetic, .legend";
const MARGIN_PX = 28;
/** At least this share of the map stays for what is shown. */
const LEAST_SHARE = 0.3;

type Edges = Pick<DOMRect, "left" | "right" | "top" | "bottom">;

export interface Covers {
  left: readonly Edges[];
  right: readonly Edges[];
  ends: readonly Edges[];
}

/** Pixels that boxes over a map take from each of its edges; boxes beside the map take nothing. */
export function padding(map: Edges, covers: Covers): PaddingOptions {
  const over = (boxes: readonly Edges[]) =>
    boxes.filter((box) => box.left < map.right && box.right > map.left && box.top < map.bottom && box.bottom > map.top);
  const isUpper = (box: Edges) => box.top + box.bottom < map.top + map.bottom;
  const ends = over(covers.ends);
  const left = MARGIN_PX + Math.max(0, ...over(covers.left).map((box) => box.right - map.left));
  const right = MARGIN_PX + Math.max(0, ...over(covers.right).map((box) => map.right - box.left));
  const top = MARGIN_PX + Math.max(0, ...ends.filter(isUpper).map((box) => box.bottom - map.top));
  const bottom = MARGIN_PX + Math.max(0, ...ends.filter((box) => !isUpper(box)).map((box) => map.bottom - box.top));
  const across = fitting(left + right, map.right - map.left);
  const along = fitting(top + bottom, map.bottom - map.top);
  return { left: left * across, right: right * across, top: top * along, bottom: bottom * along };
}

function fitting(taken: number, size: number): number {
  return Math.min(1, (size * (1 - LEAST_SHARE)) / taken);
}

/** The padding that keeps what is shown clear of the panels, titles and legends over a map, as they stand now. */
export function roomAround(container: HTMLElement): PaddingOptions {
  const boxes = (selector: string) =>
    [...document.querySelectorAll(selector)]
      .map((element) => element.getBoundingClientRect())
      .filter((box) => box.width > 0 && box.height > 0);
  const covers = { left: boxes(SIDES.left), right: boxes(SIDES.right), ends: boxes(ENDS) };
  return padding(container.getBoundingClientRect(), covers);
}
