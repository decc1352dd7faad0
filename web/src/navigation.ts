/** The page's own router: paths are pages, the query is the view. */

import { useSyncExternalStore } from "react";

export type PagePath = "/" | "/plan" | "/wall/overview" | "/wall/rollout" | "/m" | "/globe";

const CHANGED = "heat-twin:navigated";

/** Be told after every way to another page. */
export function onNavigation(listener: () => void): () => void {
  window.addEventListener("popstate", listener);
  window.addEventListener(CHANGED, listener);
  return () => {
    window.removeEventListener("popstate", listener);
    window.removeEventListener(CHANGED, listener);
  };
}

export function usePath(): string {
  return useSyncExternalStore(onNavigation, () => window.location.pathname);
}

/** Go to another page and keep the view. */
export function navigate(path: PagePath): void {
  window.history.pushState(null, "", path + window.location.search);
  window.dispatchEvent(new Event(CHANGED));
}
