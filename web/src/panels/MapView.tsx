import { useEffect, useRef, useState } from "react";
import { useText } from "../i18n/hooks";
import { translate } from "../i18n/text";
import { type FeatureHover, HeatMap, type Hover } from "../map/heatMap";
import { currentCity } from "../state/app";
import { useApp, useParts } from "../state/context";
import { AreaFeed } from "./AreaFeed";
import { CoordinateBar } from "./CoordinateBar";
import { FeatureCard } from "./FeatureCard";
import { HoverCard } from "./HoverCard";
import { Legend } from "./Legend";
import { LostBanner } from "./LostBanner";
import { observeIdle, reportError } from "./observe";

interface MapViewProps {
  /** A wall takes no input, is read from afar and says in its title that its data are made up. */
  wall?: { magnify: number };
}

/** The map with what lies directly on it: hover card, legend, feed banner, the label of synthetic data. */
export function MapView({ wall }: MapViewProps) {
  const t = useText();
  const parts = useParts();
  const container = useRef<HTMLDivElement>(null);
  const [hover, setHover] = useState<Hover | null>(null);
  const [feature, setFeature] = useState<FeatureHover | null>(null);
  const [pointer, setPointer] = useState<[number, number] | null>(null);
  const interactive = wall === undefined;
  const magnify = wall?.magnify ?? 1;
  const synthetic = useApp((state) => currentCity(state)?.synthetic ?? false);
  useEffect(() => {
    if (container.current === null) return;
    const map = new HeatMap(container.current, parts, {
      interactive,
      magnify,
      cameraText: (button, pitch) => translate(parts.store.get().view.lang, `camera.${button}`, { pitch: pitch ?? 0 }),
      onHover: setHover,
      onFeature: setFeature,
      onPointer: setPointer,
      onIdle: (idle) => void observeIdle(idle, parts),
      onError: reportError,
    });
    return () => map.remove();
  }, [parts, interactive, magnify]);
  return (
    <div className="map-frame">
      <div ref={container} className="map" role="application" aria-label={t("app.map")} />
      {synthetic && interactive && <div className="synthetic">{t("app.synthetic")}</div>}
      <Legend />
      <CoordinateBar pointer={pointer} readOnly={!interactive} />
      {hover !== null && <HoverCard hover={hover} />}
      {feature !== null && <FeatureCard hover={feature} />}
      <AreaFeed />
      <LostBanner />
    </div>
  );
}
