import { useEffect } from "react";
import { AssetPanel } from "../panels/AssetPanel";
import { MapView } from "../panels/MapView";
import { ProblemCard } from "../panels/ProblemCard";
import WorkBench from "../panels/WorkBench";
import { useApp, useParts } from "../state/context";
import { Header } from "./Header";

/** `/plan`: the work bench beside the map, and what is selected. */
export function PlannerPage() {
  const { desk } = useParts();
  const panel = useApp((state) => state.view.panel);
  useEffect(() => {
    if (panel === null) desk.open("problems");
  }, [desk, panel]);
  return (
    <div className="page planner working">
      <Header path="/plan" />
      <main>
        <MapView />
        <aside className="side left">
          <WorkBench first="problems" />
        </aside>
        <aside className="side right">
          <ProblemCard />
          <AssetPanel />
        </aside>
      </main>
    </div>
  );
}
