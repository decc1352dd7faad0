import { Switch } from "antd";
import { useText } from "../i18n/hooks";
import type { LayerDefinition } from "../layers/definition";
import { LAYER_GROUPS, type LayerGroup } from "../layers/ids";
import { inRange, LAYERS } from "../layers/registry";
import { useApp, useParts } from "../state/context";
import { LookControls } from "./LookControls";
import { Panel } from "./Panel";

/** Groups that most people never open stay folded until a layer of theirs is on. */
const FOLDED: readonly LayerGroup[] = ["monitoring", "safety", "rollout", "coverage"];

/** Switches of the layer registry by group, top layer first. */
export function LayerPanel() {
  const t = useText();
  const problems = useApp((state) => state.sceneProblems);
  return (
    <Panel title={t("layers.title")} className="layers">
      <LookControls />
      {LAYER_GROUPS.map((group) => (
        <Group key={group} group={group} />
      ))}
      {problems.map((problem) => (
        <p key={problem.layer} className="failed" role="alert" title={problem.message}>
          {t("layers.problem", { layer: problem.layer })}
        </p>
      ))}
    </Panel>
  );
}

function Group({ group }: { group: LayerGroup }) {
  const t = useText();
  const layers = [...LAYERS].reverse().filter((layer) => layer.group === group);
  const on = useApp((state) => layers.filter(({ id }) => state.view.layers.includes(id)).length);
  const list = (
    <ul className="layer-list">
      {layers.map((layer) => (
        <LayerSwitch key={layer.id} layer={layer} />
      ))}
    </ul>
  );
  if (!FOLDED.includes(group)) return list;
  return (
    <details className="layer-group" open={on > 0 ? true : undefined}>
      <summary>
        {t(`layers.${group}`)} <b>{`${on}/${layers.length}`}</b>
      </summary>
      {list}
    </details>
  );
}

function LayerSwitch({ layer }: { layer: LayerDefinition }) {
  const t = useText();
  const { store } = useParts();
  const lang = useApp((state) => state.view.lang);
  const on = useApp((state) => state.view.layers.includes(layer.id));
  const outside = useApp((state) => !inRange(layer, state.view.camera?.zoom ?? 0));
  return (
    <li>
      <label htmlFor={`layer-${layer.id}`}>
        <Switch
          id={`layer-${layer.id}`}
          size="small"
          checked={on}
          onChange={(next) => store.dispatch({ type: "view/layer", layer: layer.id, on: next })}
          aria-label={layer.title[lang]}
        />
        <span>{layer.title[lang]}</span>
      </label>
      {on && outside && <small>{t("layers.outOfRange", { zoom: layer.minZoom })}</small>}
    </li>
  );
}
