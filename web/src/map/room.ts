import type { PaddingOptions } from "maplibre-gl";

/** What lies over a map, by the edge it keeps free. */
const COVERS: Record<keyof PaddingOptions, string> = {
  left: ".side.left",
  right: ".side.right",
  top: ".wall-title, .synthetic",
  bottom: ".legend",
};
const MARGIN_PX = 28;
/** At least this share of the map stays for what is shown. */
const LEAST_SHARE = 0.3;

type Edges = Pick<DOMRect, "left" | "right" | "top" | "bottom">;

/** Pixels that boxes over a map take from each of its edges; boxes beside the map take nothing. */
export function padding(map: Edges, covers: Record<keyof PaddingOptions, readonly Edges[]>): PaddingOptions {
  const over = (edge: keyof PaddingOptions) =>
    covers[edge].filter(
      (box) => box.left < map.right && box.right > map.left && box.top < map.bottom && box.bottom > map.top,
    );
  const room = {
    left: Math.max(0, ...over("left").map((box) => box.right - map.left)) + MARGIN_PX,
    right: Math.max(0, ...over("right").map((box) => map.right - box.left)) + MARGIN_PX,
    top: Math.max(0, ...over("top").map((box) => box.bottom - map.top)) + MARGIN_PX,
    bottom: Math.max(0, ...over("bottom").map((box) => map.bottom - box.top)) + MARGIN_PX,
  };
  const across = fitting(room.left + room.right, map.right - map.left);
  const along = fitting(room.top + room.bottom, map.bottom - map.top);
  return {
    left: room.left * across,
    right: room.right * across,
    top: room.top * along,
    bottom: room.bottom * along,
  };
}

function fitting(taken: number, size: number): number {
  return taken === 0 ? 1 : Math.min(1, (size * (1 - LEAST_SHARE)) / taken);
}

/** The padding that keeps what is shown clear of the panels, titles and legends over a map, as they stand now. */
export function roomAround(container: HTMLElement): PaddingOptions {
  const boxes = (edge: keyof PaddingOptions) =>
    [...document.querySelectorAll(COVERS[edge])]
      .map((element) => element.getBoundingClientRect())
      .filter((box) => box.width > 0 && box.height > 0);
  return padding(container.getBoundingClientRect(), {
    left: boxes("left"),
    right: boxes("right"),
    top: boxes("top"),
    bottom: boxes("bottom"),
  });
}
