import { createContext, useContext, useSyncExternalStore } from "react";
import type { StatusTable } from "../live/table";
import type { Action, AppState } from "./app";
import type { Controller } from "./controller";
import type { Desk } from "./desk";
import type { Planning } from "./planning";
import type { Store } from "./store";

/** What every part of the page can reach. */
export interface Parts {
  store: Store<AppState, Action>;
  statuses: StatusTable;
  controller: Controller;
  desk: Desk;
  planning: Planning;
}

export const PartsContext = createContext<Parts | null>(null);

export function useParts(): Parts {
  const parts = useContext(PartsContext);
  if (parts === null) throw new Error("a panel was drawn outside PartsContext");
  return parts;
}

/** Read a piece of the state; `select` must return something the state holds, not a new object. */
export function useApp<T>(select: (state: AppState) => T): T {
  const { store } = useParts();
  return useSyncExternalStore(store.subscribe, () => select(store.get()));
}
