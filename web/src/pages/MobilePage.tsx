import { Segmented } from "antd";
import { lazy, Suspense, useCallback, useEffect, useState } from "react";
import { useText } from "../i18n/hooks";
import { AlarmPanel } from "../panels/AlarmPanel";
import { ArrivalsBrief } from "../panels/ArrivalFigures";
import { AssetPanel } from "../panels/AssetPanel";
import { Clock } from "../panels/Clock";
import { LayerPanel } from "../panels/LayerPanel";
import { LostBanner } from "../panels/LostBanner";
import { MapView } from "../panels/MapView";
import { ModeSwitch } from "../panels/ModeSwitch";
import { observeLists } from "../panels/observe";
import { ProblemCard } from "../panels/ProblemCard";
import { SubstationList } from "../panels/SubstationList";
import { currentCity } from "../state/app";
import { useApp, useParts } from "../state/context";
import { LanguageButton } from "./Header";

const ProblemsPanel = lazy(async () => ({ default: (await import("../panels/ProblemsPanel")).ProblemsPanel }));

type Tab = "alarms" | "substations" | "problems" | "arrivals" | "map";

/** `/m`: lists first; the map is a tab and is drawn only when asked for. */
export function MobilePage() {
  const t = useText();
  const [substationsListed, setSubstationsListed] = useState(false);
  const { desk } = useParts();
  const problems = useApp((state) => state.view.panel === "problems");
  const [other, setOther] = useState<Tab>("alarms");
  const tab: Tab = problems && other !== "map" ? "problems" : other;
  function setTab(next: Tab): void {
    setOther(next);
    // what the map draws of a problem stays with it
    if (next === "problems") desk.open("problems");
    else if (next !== "map") desk.open(null);
  }
  const listed = useCallback(() => setSubstationsListed(true), []);
  const alarmsListed = useApp((state) => state.alarms.state === "ready");
  useEffect(() => observeLists(substationsListed && alarmsListed), [substationsListed, alarmsListed]);
  const synthetic = useApp((state) => currentCity(state)?.synthetic ?? false);
  const tabs = [
    { value: "alarms", label: t("mobile.alarms") },
    { value: "substations", label: t("mobile.substations") },
    { value: "problems", label: t("mobile.problems") },
    { value: "arrivals", label: t("mobile.arrivals") },
    { value: "map", label: t("app.map") },
  ] as const;
  return (
    <div className="page mobile">
      <header className="mobile-top">
        <h1>{t("app.title")}</h1>
        <LanguageButton />
        <Clock />
        {synthetic && <p className="synthetic-line">{t("app.synthetic")}</p>}
        <Segmented block options={[...tabs]} value={tab} onChange={setTab} aria-label={t("nav.pages")} />
      </header>
      <main>
        {tab === "map" && (
          <>
            <MapView />
            <ModeSwitch small />
            <LayerPanel />
          </>
        )}
        <div className="tab" hidden={tab !== "alarms"}>
          <AlarmPanel />
        </div>
        <div className="tab" hidden={tab !== "substations"}>
          <SubstationList onLoaded={listed} />
        </div>
        {tab === "arrivals" && <ArrivalsBrief most={60} />}
        {tab === "problems" && (
          <Suspense fallback={null}>
            <ProblemsPanel />
          </Suspense>
        )}
        {tab !== "map" && <LostBanner />}
        <ProblemCard />
        <AssetPanel />
      </main>
    </div>
  );
}
