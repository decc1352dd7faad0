import { Switch } from "antd";
import { useText } from "../i18n/hooks";
import { inRange, LAYERS } from "../layers/registry";
import { useApp, useParts } from "../state/context";
import { Panel } from "./Panel";

/** Switches of the layer registry, top layer first. */
export function LayerPanel() {
  const t = useText();
  const { store } = useParts();
  const lang = useApp((state) => state.view.lang);
  const layers = useApp((state) => state.view.layers);
  const zoom = useApp((state) => state.view.camera?.zoom ?? 0);
  const problems = useApp((state) => state.sceneProblems);
  return (
    <Panel title={t("layers.title")} className="layers">
      <ul className="layer-list">
        {[...LAYERS].reverse().map((layer) => (
          <li key={layer.id}>
            <label htmlFor={`layer-${layer.id}`}>
              <Switch
                id={`layer-${layer.id}`}
                size="small"
                checked={layers.includes(layer.id)}
                onChange={(on) => store.dispatch({ type: "view/layer", layer: layer.id, on })}
                aria-label={layer.title[lang]}
              />
              <span>{layer.title[lang]}</span>
            </label>
            {!inRange(layer, zoom) && <small>{t("layers.outOfRange", { zoom: layer.minZoom })}</small>}
          </li>
        ))}
      </ul>
      {problems.map((problem) => (
        <p key={problem.layer} className="failed" role="alert" title={problem.message}>
          {t("layers.problem", { layer: problem.layer })}
        </p>
      ))}
    </Panel>
  );
}
