/** True pixels of the wall; the panels are laid out on them and scaled as one, never stretched. */
export const WALL = { width: 2400, height: 1350 } as const;

export interface Letterbox {
  scale: number;
  left: number;
  top: number;
}

/** Largest placing of the wall in a window that keeps its ratio. */
export function letterbox(width: number, height: number): Letterbox {
  const scale = Math.min(width / WALL.width, height / WALL.height);
  return { scale, left: (width - WALL.width * scale) / 2, top: (height - WALL.height * scale) / 2 };
}
