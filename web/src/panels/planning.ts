/** What the panels of planners share: assets picked on the map, marks over it, facts of assets known by their ids. */

import { useCallback, useEffect, useRef } from "react";
import type { Asset } from "../api/shapes";
import { useApp, useParts } from "../state/context";
import { readIds, writeIds } from "../state/ids";
import type { Marks } from "../state/marks";
import type { Remote } from "../state/remote";
import type { WorkKey } from "../state/work";
import { useAnswer } from "./useAnswer";

export interface Picks {
  ids: readonly number[];
  /** Clicks on the map go to this list now. */
  picking: boolean;
  start(): void;
  stop(): void;
  toggle(id: number): void;
  set(ids: readonly number[]): void;
}

/** Assets collected in a key of the address, by clicks on the map or otherwise; `kinds` null: of any kind. */
export function usePicks(key: WorkKey, kinds: readonly string[] | null = null): Picks {
  const { planning, desk } = useParts();
  const text = useApp((state) => state.view.work[key]);
  const picking = useApp((state) => state.picking?.key === key);
  return {
    ids: readIds(text),
    picking,
    start: () => planning.pick(key, kinds),
    stop: () => planning.stopPicking(),
    toggle: (id) => planning.toggle(key, id),
    set: (ids) => desk.set({ [key]: writeIds(ids) }),
  };
}

/**
 * Draw marks as long as the panel is open, drawn again for another key; null: nothing. With `fit` the map goes to them,
 * once a `fit` text.
 */
export function useMarks(key: string, make: () => Marks | null, fit: string | null = null): void {
  const { planning } = useParts();
  const making = useRef(make);
  making.current = make;
  const fitted = useRef<string | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says what is drawn
  useEffect(() => {
    const marks = making.current();
    if (marks === null) {
      planning.unmark();
      return;
    }
    planning.mark(marks, fit !== null && fit !== fitted.current);
    fitted.current = fit;
  }, [key, fit, planning]);
  useEffect(() => () => planning.unmark(), [planning]);
}

/** The facts of an asset that is known by its id. */
export function useAsset(id: number | null): Remote<Asset> {
  const { planning } = useParts();
  return useAnswer(id === null ? null : `asset ${id}`, () => planning.asset(id ?? 0));
}

/** Select an asset and take the map there; its place is asked for when it is not known. */
export function useVisit(): (id: number, position?: readonly number[] | null) => void {
  const { controller } = useParts();
  return useCallback(
    (id, position) => {
      if (position === null || position === undefined) void controller.visitAsset(id);
      else controller.visit(id, position);
    },
    [controller],
  );
}
