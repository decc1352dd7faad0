import { Segmented } from "antd";
import { useText } from "../i18n/hooks";
import { imageryOf } from "../layers/satellite";
import { MODE_KEYS } from "../map/keys";
import { useApp, useParts } from "../state/context";
import { MODES, modeOf } from "../state/view";

/** 2D, 3D, satellite; what the city has no imagery for is greyed, with the reason. */
export function ModeSwitch({ small = false }: { small?: boolean }) {
  const t = useText();
  const { store } = useParts();
  const mode = useApp((state) => modeOf(state.view));
  const hasImagery = useApp((state) => imageryOf(state.rasters) !== null);
  const options = MODES.map((value) => {
    const missing = value === "satellite" && !hasImagery;
    const name = t(`mode.${value}`);
    const title = missing ? t("mode.noSatellite") : t("mode.keys", { name, key: MODE_KEYS[value] });
    return { value, label: name, title, disabled: missing };
  });
  return (
    <Segmented
      className="modes"
      options={options}
      value={mode}
      size={small ? "small" : "middle"}
      aria-label={t("mode.label")}
      onChange={(next) => store.dispatch({ type: "view/mode", mode: next })}
    />
  );
}
