import { useMemo } from "react";
import type { Colouring } from "../api/shapes";
import { shownColouring } from "../map/input";
import { useApp, useParts } from "../state/context";

/** What the pipes are coloured by on the map; null: level and side. */
export function useColouring(): Colouring | null {
  const { store } = useParts();
  const colourings = useApp((state) => state.colourings);
  const bands = useApp((state) => state.bands);
  const tilesets = useApp((state) => state.tilesets);
  const chosen = useApp((state) => state.view.colouring);
  const panel = useApp((state) => state.view.panel);
  // biome-ignore lint/correctness/useExhaustiveDependencies: these are the parts of the state that decide
  return useMemo(() => shownColouring(store.get()), [store, colourings, bands, tilesets, chosen, panel]);
}
