import { useRef } from "react";
import { useGlobe } from "../globe/useGlobe";
import { useText } from "../i18n/hooks";
import { GlobePanel } from "../panels/GlobePanel";
import { GlobePicked } from "../panels/GlobePicked";
import { LostBanner } from "../panels/LostBanner";
import { currentCity } from "../state/app";
import { useApp } from "../state/context";
import { Header } from "./Header";
import "../panels/globe.css";

/** `/globe`: the city's 3D Tiles on its own ground, drawn by CesiumJS, which is an optional part of the build. */
export function GlobePage() {
  const t = useText();
  const container = useRef<HTMLDivElement>(null);
  const globe = useGlobe(container);
  const synthetic = useApp((state) => currentCity(state)?.synthetic ?? false);
  return (
    <div className="page globe">
      <Header path="/globe" />
      <main>
        <div className="map-frame">
          <div ref={container} className="map" role="application" aria-label={t("globe.view")} />
          {synthetic && <div className="synthetic">{t("app.synthetic")}</div>}
          <LostBanner />
        </div>
        <aside className="side left">
          <GlobePanel globe={globe} />
          <GlobePicked globe={globe} />
        </aside>
      </main>
    </div>
  );
}
