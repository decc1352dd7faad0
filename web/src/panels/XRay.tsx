import "./section.css";
import { Slider, Switch } from "antd";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";

/** The switch of the view through the ground, and how much of the ground is left. */
export function XRay() {
  const t = useText();
  const { store } = useParts();
  const { xray, cover, mode } = useApp((state) => state.view);
  return (
    <div className="switch-line xray">
      <Switch
        size="small"
        aria-label={t("under.xray")}
        checked={xray}
        onChange={(on) => {
          store.dispatch({ type: "view/look", look: { xray: on } });
          if (on && mode !== "3d") store.dispatch({ type: "view/mode", mode: "3d" });
        }}
      />
      {t("under.xray")}
      {xray && (
        <span className="cover">
          {t("under.cover")}
          <Slider
            min={0}
            max={100}
            step={5}
            value={cover}
            ariaLabelForHandle={t("under.cover")}
            onChange={(next: number) => store.dispatch({ type: "view/look", look: { cover: next } })}
          />
        </span>
      )}
    </div>
  );
}
