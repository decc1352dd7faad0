import { createRoot } from "react-dom/client";
import { App } from "./App";
import { installHooks } from "./hooks";
import { StatusTable } from "./live/table";
import { type AppState, firstState, reduce } from "./state/app";
import { PartsContext } from "./state/context";
import { Controller } from "./state/controller";
import { Desk } from "./state/desk";
import { Planning } from "./state/planning";
import { arrived } from "./state/remote";
import { createStore } from "./state/store";
import { readView, writeView } from "./state/view";
import "maplibre-gl/dist/maplibre-gl.css";
import "./styles.css";

const statuses = new StatusTable();
const hooks = installHooks(statuses);
const store = createStore(reduce, firstState(readView(window.location.search)));
const controller = new Controller(store, statuses, (error) => hooks.errors.push(error.message));
const desk = new Desk(store, () => controller.refresh());
const planning = new Planning(store);

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
});

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element #root");
createRoot(root).render(
  <PartsContext value={{ store, statuses, controller, desk, planning }}>
    <App />
  </PartsContext>,
);
void controller.start();
