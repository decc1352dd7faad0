import { Select } from "antd";
import { useEffect, useState } from "react";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import type { Position } from "../state/shapes";
import { DATUMS, type Datum } from "../state/view";

/** So long the pointer rests before the server is asked where other maps show its place. */
const REST_MS = 150;

interface CoordinateBarProps {
  /** Where the pointer is; null: the middle of the map is told. */
  pointer: Position | null;
  readOnly: boolean;
}

/** The datum of the map, and coordinates that never stand without the datum they are in. */
export function CoordinateBar({ pointer, readOnly }: CoordinateBarProps) {
  const t = useText();
  const { store } = useParts();
  const datum = useApp((state) => state.view.datum);
  const camera = useApp((state) => state.view.camera);
  const place: Position | null = pointer ?? (camera === null ? null : [camera.lon, camera.lat]);
  const told = usePosition(place, datum);
  if (readOnly) return <div className="coordinates">{t("datum.map")}</div>;
  return (
    <div className="coordinates">
      <Select
        size="small"
        variant="borderless"
        aria-label={t("datum.title")}
        title={t("datum.map")}
        popupMatchSelectWidth={false}
        placement="topLeft"
        value={datum}
        options={DATUMS.map((value) => ({ value, label: t(`datum.${value}`) }))}
        onChange={(next) => store.dispatch({ type: "view/look", look: { datum: next } })}
      />
      <output aria-label={t("datum.position")}>{told === null ? "—" : textOf(told)}</output>
    </div>
  );
}

function textOf([lon, lat]: Position): string {
  return `${lon.toFixed(6)}, ${lat.toFixed(6)}`;
}

/** A place in a datum; null until the server has said where another datum shows it. */
function usePosition(place: Position | null, datum: Datum): Position | null {
  const { desk } = useParts();
  const [lon, lat] = place ?? [null, null];
  const key = `${datum} ${lon} ${lat}`;
  const [found, setFound] = useState<{ key: string; position: Position } | null>(null);
  useEffect(() => {
    if (datum === "wgs84" || lon === null || lat === null) return;
    let left = false;
    const ask = () =>
      desk.offset(lon, lat).then(
        ({ offsets }) => {
          const shown = offsets.find((one) => one.datum === datum);
          if (!left && shown !== undefined) setFound({ key, position: [shown.position[0], shown.position[1]] });
        },
        () => {},
      );
    const timer = setTimeout(ask, REST_MS);
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, [desk, datum, lon, lat, key]);
  if (datum === "wgs84") return place;
  return found?.key === key ? found.position : null;
}
