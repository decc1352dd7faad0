import { useEffect, useRef } from "react";
import { useText } from "../i18n/hooks";
import { AssetPanel } from "../panels/AssetPanel";
import { MapView } from "../panels/MapView";
import { PastStatesBanner } from "../panels/PastBox";
import { ProblemCard } from "../panels/ProblemCard";
import { ReplayBar } from "../panels/ReplayBar";
import { SandboxBanner } from "../panels/SandboxBanner";
import WorkBench from "../panels/WorkBench";
import { useApp, useParts } from "../state/context";
import { repairHours } from "../state/past";
import { sandboxKey } from "../state/sandbox";
import { isTool } from "../state/work";
import { Header } from "./Header";

/** `/plan`: a rail of tools, one panel, and the map as large as can be. */
export function PlannerPage() {
  const { desk } = useParts();
  const panel = useApp((state) => state.view.panel);
  const selected = useApp((state) => state.view.selected !== null);
  const details = useApp((state) => state.view.work.details !== undefined);
  const problem = useApp((state) => state.view.panel === "problems" && state.view.work.problem !== undefined);
  useSupposed();
  useEffect(() => {
    if (panel === null) desk.open("trace");
  }, [desk, panel]);
  // a tool names what is selected itself; its details stand on the right only when asked for
  const shown = selected && (!isTool(panel) || details);
  return (
    <div className={`page planner working${shown || problem ? "" : " bare"}`}>
      <Header path="/plan" />
      <main>
        <MapView />
        <ReplayBar />
        <div className="banners">
          <PastStatesBanner />
          <SandboxBanner />
        </div>
        <Notice />
        <aside className="side left">
          <WorkBench tools first="trace" />
        </aside>
        <aside className="side right">
          <ProblemCard />
          {shown && <AssetPanel />}
        </aside>
      </main>
    </div>
  );
}

/** Why something that was asked on the map did not happen. */
function Notice() {
  const t = useText();
  const { store } = useParts();
  const notice = useApp((state) => state.notice);
  if (notice === null) return null;
  return (
    <div className="notice" role="alert">
      {notice}
      <button
        type="button"
        className="more"
        aria-label={t("app.close")}
        onClick={() => store.dispatch({ type: "notice", text: null })}
      >
        ✕
      </button>
    </div>
  );
}

/** The impact of the selected asset follows what is supposed, the time whose states count, and the hours of the repair. */
function useSupposed(): void {
  const { controller } = useParts();
  const key = useApp((state) => `${sandboxKey(state.view)}|${repairHours(state.view)}`);
  const asked = useRef(key);
  useEffect(() => {
    if (asked.current === key) return;
    asked.current = key;
    controller.askImpact();
  }, [controller, key]);
}
