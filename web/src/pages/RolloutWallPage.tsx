import "../panels/rollout.css";
import { useEffect, useRef } from "react";
import { useText } from "../i18n/hooks";
import { Clock } from "../panels/Clock";
import { MapView } from "../panels/MapView";
import { Panel } from "../panels/Panel";
import { EnergyShares, TypeRing } from "../panels/RolloutMakeupPanel";
import { MoneyTree } from "../panels/RolloutMoneyPanel";
import { FigureGroups } from "../panels/RolloutOverviewPanel";
import { RankedAreas } from "../panels/RolloutRankingsPanel";
import { ProjectRadar } from "../panels/RolloutTargetsPanel";
import { RANKINGS, type Ranking } from "../panels/rollout";
import { oneOf, useAreas, useFigures } from "../panels/useRollout";
import { currentCity } from "../state/app";
import { boxOf, grown } from "../state/box";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import { WALL } from "./letterbox";
import { MAGNIFY, useLetterbox } from "./WallPage";

const COMPLETION = RANKINGS[0] as Ranking;
const MOST_DISTRICTS = 11;

const ROLLOUT_LAYERS = ["rollout-areas", "rollout-projects"] as const;
const NETWORK_LAYERS = ["network", "stations"] as const;
const MARGIN = 0.15;

/** Takes the map to all districts, unless the address says where it looks. */
function useWholeCity(): void {
  const { desk } = useParts();
  // the map says where it is once it has shown the city for the first time
  const placed = useApp((state) => state.view.camera !== null);
  const fitted = useRef(placed);
  const districts = arrived(useAreas("district"));
  useEffect(() => {
    if (fitted.current || !placed || districts === null) return;
    const box = boxOf([
      {
        geometry: {
          type: "MultiPoint",
          coordinates: districts.flatMap(({ lon, lat }) => (lon === null || lat === null ? [] : [[lon, lat]])),
        },
      },
    ]);
    fitted.current = true;
    if (box !== null) desk.goToBox(grown(box, MARGIN));
  }, [desk, districts, placed]);
}

/** `/wall/rollout`: the map of the rollout between its figures, for a room that watches it; no input. */
export function RolloutWallPage() {
  const t = useText();
  const { desk, store } = useParts();
  const themed = useRef(useApp((state) => state.view.work.theme !== undefined));
  const { scale, left, top } = useLetterbox();
  const synthetic = useApp((state) => currentCity(state)?.synthetic ?? false);
  const name = useApp((state) => currentCity(state)?.name_zh ?? "");
  const real = { left, top, width: WALL.width * scale, height: WALL.height * scale };
  useEffect(() => {
    for (const layer of ROLLOUT_LAYERS) store.dispatch({ type: "view/layer", layer, on: true });
    for (const layer of NETWORK_LAYERS) store.dispatch({ type: "view/layer", layer, on: false });
    if (!themed.current) desk.set({ theme: "rate", tier: "district" });
  }, [desk, store]);
  useWholeCity();
  return (
    <div className="page wall rollout-wall">
      <div className="wall-map" style={real}>
        <MapView wall={{ magnify: MAGNIFY * scale }} />
      </div>
      <div className="wall-canvas" style={{ left, top, ...WALL, transform: `scale(${scale})` }}>
        <header className="wall-title">
          <h1>
            {name} {t("rollout-wall.title")}
          </h1>
          {synthetic && <p className="synthetic">{t("app.synthetic")}</p>}
          <Clock />
        </header>
        <aside className="side left">
          <Progress />
          <Panel title={t("rollout-makeup.ring")}>
            <TypeRing area={0} wall />
          </Panel>
        </aside>
        <aside className="side right">
          <Panel title={t("rollout-wall.ranking")}>
            <RankedAreas by={COMPLETION} kind="district" parent={null} most={MOST_DISTRICTS} />
          </Panel>
          <Panel title={t("rollout-makeup.energies")}>
            <EnergyShares area={0} wall />
          </Panel>
          <Panel title={t("rollout-wall.radar")}>
            <ProjectRadar area={0} wall />
          </Panel>
        </aside>
        <aside className="wall-foot">
          <Panel title={t("rollout-money.title")}>
            <MoneyTree wall />
          </Panel>
        </aside>
      </div>
    </div>
  );
}

function Progress() {
  const t = useText();
  const found = useFigures({ area: 0 });
  const city = oneOf(found);
  return (
    <Panel title={t("rollout-wall.progress")}>
      {found.state === "ready" && city === null && <p className="empty">{t("rollout-panels.notSeen")}</p>}
      {city !== null && <FigureGroups figures={city.figures} groups={["households", "rate", "benefits", "projects"]} />}
    </Panel>
  );
}
