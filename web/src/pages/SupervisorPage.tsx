import { AlarmPanel } from "../panels/AlarmPanel";
import { AssetPanel } from "../panels/AssetPanel";
import { LayerPanel } from "../panels/LayerPanel";
import { MapView } from "../panels/MapView";
import { RolloutPanel } from "../panels/RolloutPanel";
import { StatusPanel } from "../panels/StatusPanel";
import { useApp } from "../state/context";
import { Header } from "./Header";

/** `/`: the map in the middle, state on the left, alarms and the selected asset on the right. */
export function SupervisorPage() {
  const rollout = useApp((state) => state.view.layers.includes("rollout"));
  return (
    <div className="page supervisor">
      <Header path="/" />
      <main>
        <MapView />
        <aside className="side left">
          <StatusPanel />
          <LayerPanel />
          {rollout && <RolloutPanel />}
        </aside>
        <aside className="side right">
          <AlarmPanel />
          <AssetPanel />
        </aside>
      </main>
    </div>
  );
}
