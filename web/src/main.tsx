import { createRoot } from "react-dom/client";
import { App } from "./App";
import { installHooks } from "./hooks";
import { StatusTable } from "./live/table";
import { onNavigation } from "./navigation";
import { type AppState, firstState, reduce } from "./state/app";
import { PartsContext } from "./state/context";
import { Controller } from "./state/controller";
import { Desk } from "./state/desk";
import { recalled, remember } from "./state/memory";
import { Planning } from "./state/planning";
import { arrived } from "./state/remote";
import { createStore } from "./state/store";
import { readView, type View, writeView } from "./state/view";
import "maplibre-gl/dist/maplibre-gl.css";
import "./styles.css";

const statuses = new StatusTable();
const hooks = installHooks(statuses);
const store = createStore(reduce, firstState(openingView()));
const controller = new Controller(store, statuses, (error) => hooks.errors.push(error.message));
const desk = new Desk(store, () => controller.refresh());
const planning = new Planning(store);

/** What the address says. One without a camera is a fresh visit, not a view that somebody sent: it is coloured as this page was. */
function openingView(): View {
  const view = readView(window.location.search);
  if (view.camera !== null || view.colouring !== null) return view;
  return { ...view, colouring: recalled(window.location.pathname) ?? null };
}

/** Each page has the colours that were chosen on it; a page on which nobody chose any takes those of the page before. */
function followPage(): void {
  const colouring = recalled(window.location.pathname);
  if (colouring !== undefined) store.dispatch({ type: "view/look", look: { colouring } });
}

let coloured = store.get().view.colouring;

function followColours({ view }: AppState): void {
  if (view.colouring === coloured) return;
  coloured = view.colouring;
  remember(window.location.pathname, coloured);
}

/** The address always holds the whole view; going back in history restores the one before. */
function followAddress(state: AppState): void {
  const search = writeView(state.view);
  if (search !== window.location.search) {
    window.history.replaceState(window.history.state, "", window.location.pathname + search);
  }
}

function followHooks(state: AppState): void {
  const impact = arrived(state.impact);
  hooks.selected = state.view.selected;
  hooks.impact.lost = impact?.lost.asset_ids ?? [];
  hooks.impact.degraded = impact?.degraded.asset_ids ?? [];
}

store.subscribe(() => {
  followAddress(store.get());
  followHooks(store.get());
  followColours(store.get());
});
onNavigation(followPage);

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element #root");
createRoot(root).render(
  <PartsContext value={{ store, statuses, controller, desk, planning }}>
    <App />
  </PartsContext>,
);
void controller.start();
