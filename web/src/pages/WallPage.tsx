import { useEffect, useState } from "react";
import { useText } from "../i18n/hooks";
import { AlarmPanel } from "../panels/AlarmPanel";
import { ArrivalsBrief } from "../panels/ArrivalFigures";
import { Clock } from "../panels/Clock";
import { MapView } from "../panels/MapView";
import { ReplayBar } from "../panels/ReplayBar";
import { RolloutPanel } from "../panels/RolloutPanel";
import { StatusPanel } from "../panels/StatusPanel";
import { WallImpact } from "../panels/WallImpact";
import { WallStrip } from "../panels/WallStrip";
import { currentCity } from "../state/app";
import { useApp } from "../state/context";
import { type Letterbox, letterbox, WALL } from "./letterbox";

/** Texts of the map are 12 px on a desk; at a wall's true pixels they are 24. */
export const MAGNIFY = 2;
const MOST_ALARMS = 5;

export function useLetterbox(): Letterbox {
  const [box, setBox] = useState(() => letterbox(window.innerWidth, window.innerHeight));
  useEffect(() => {
    const resize = () => setBox(letterbox(window.innerWidth, window.innerHeight));
    window.addEventListener("resize", resize);
    return () => window.removeEventListener("resize", resize);
  }, []);
  return box;
}

/** `/wall/overview`: no input; the map has its real size, because scaled canvases misplace pointers and pop-ups. */
export function WallPage() {
  const t = useText();
  const { scale, left, top } = useLetterbox();
  const synthetic = useApp((state) => currentCity(state)?.synthetic ?? false);
  const real = { left, top, width: WALL.width * scale, height: WALL.height * scale };
  return (
    <div className="page wall">
      <div className="wall-map" style={real}>
        <MapView wall={{ magnify: MAGNIFY * scale }} />
      </div>
      <div className="wall-canvas" style={{ left, top, ...WALL, transform: `scale(${scale})` }}>
        <header className="wall-title">
          <h1>{t("app.title")}</h1>
          {synthetic && <p className="synthetic">{t("app.synthetic")}</p>}
          <Clock />
        </header>
        <WallStrip />
        <ReplayBar />
        <aside className="side left">
          <StatusPanel />
          <RolloutPanel />
        </aside>
        <aside className="side right">
          <AlarmPanel readOnly most={MOST_ALARMS} />
          <ArrivalsBrief most={0} />
          <WallImpact />
        </aside>
      </div>
    </div>
  );
}
