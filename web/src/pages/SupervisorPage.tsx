import { lazy, Suspense, useCallback, useEffect, useState } from "react";
import type { KindCount } from "../api/shapes";
import { AlarmPanel } from "../panels/AlarmPanel";
import { AssetPanel } from "../panels/AssetPanel";
import { ContentsPanel } from "../panels/ContentsPanel";
import { ContentsSheet } from "../panels/ContentsSheet";
import { useContents } from "../panels/contents";
import { LayerPanel } from "../panels/LayerPanel";
import { MapView } from "../panels/MapView";
import { ProblemCard } from "../panels/ProblemCard";
import { ReplayBar } from "../panels/ReplayBar";
import { RolloutPanel } from "../panels/RolloutPanel";
import { StatusPanel } from "../panels/StatusPanel";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import { Header } from "./Header";

const WorkBench = lazy(() => import("../panels/WorkBench"));

/** `/`: the map in the middle, state and contents on the left, alarms and the selected asset on the right. */
export function SupervisorPage() {
  const { controller, desk } = useParts();
  const working = useApp((state) => state.view.panel !== null);
  const rollout = useApp((state) => state.view.layers.includes("rollout"));
  const city = useApp((state) => state.view.city);
  const contents = useContents();
  const [open, setOpen] = useState(false);
  const [kind, setKind] = useState<KindCount | null>(null);
  const close = useCallback(() => setOpen(false), []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another city has other assets
  useEffect(() => setKind(null), [city]);
  const found = arrived(contents);
  function choose(wanted: KindCount): void {
    setOpen(false);
    setKind(wanted);
    controller.showKind(wanted);
  }
  return (
    <div className={`page supervisor${working ? " working" : ""}`}>
      <Header path="/" />
      <main>
        <MapView />
        <ReplayBar />
        <aside className="side left">
          {working ? (
            <Suspense fallback={null}>
              <WorkBench onClose={() => desk.open(null)} />
            </Suspense>
          ) : (
            <>
              <StatusPanel />
              <ContentsPanel
                contents={contents}
                kind={kind}
                onOpen={() => setOpen(true)}
                onBack={() => setKind(null)}
              />
              <LayerPanel />
              {rollout && <RolloutPanel />}
            </>
          )}
        </aside>
        <aside className="side right">
          <AlarmPanel />
          <ProblemCard />
          <AssetPanel />
        </aside>
        {open && found !== null && <ContentsSheet contents={found} onKind={choose} onClose={close} />}
      </main>
    </div>
  );
}
