import { AssetPanel } from "../panels/AssetPanel";
import { FindingsPanel } from "../panels/FindingsPanel";
import { LayerPanel } from "../panels/LayerPanel";
import { MapView } from "../panels/MapView";
import { Header } from "./Header";

/** `/plan`: what hangs on what, and what the network check found. */
export function PlannerPage() {
  return (
    <div className="page planner">
      <Header path="/plan" />
      <main>
        <MapView />
        <aside className="side left">
          <FindingsPanel />
          <LayerPanel />
        </aside>
        <aside className="side right">
          <AssetPanel />
        </aside>
      </main>
    </div>
  );
}
