import { Segmented, Select } from "antd";
import { useText } from "../i18n/hooks";
import { imageryOf } from "../layers/satellite";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import { GROUNDS, type Look } from "../state/view";
import { XRay } from "./XRay";

/** Base map, colours of the pipes, live field: each is there when the server has something to show. */
export function LookControls() {
  return (
    <div className="look">
      <GroundSwitch />
      <ColouringSelect />
      <FieldSelect />
      <GroundView />
    </div>
  );
}

function useLook(): (look: Partial<Look>) => void {
  const { store } = useParts();
  return (look) => store.dispatch({ type: "view/look", look });
}

function GroundSwitch() {
  const t = useText();
  const look = useLook();
  const ground = useApp((state) => state.view.ground);
  const hasImagery = useApp((state) => imageryOf(state.rasters) !== null);
  if (!hasImagery) return null;
  return (
    <div className="look-row">
      <span>{t("ground.title")}</span>
      <Segmented
        size="small"
        aria-label={t("ground.title")}
        options={GROUNDS.map((value) => ({ value, label: t(`ground.${value}`) }))}
        value={ground}
        onChange={(next) => look({ ground: next })}
      />
    </div>
  );
}

/** The view through the ground; the panel of sections has the same switch. */
function GroundView() {
  const inPanel = useApp((state) => state.view.panel === "section");
  const is3d = useApp((state) => state.view.mode === "3d");
  return is3d && !inPanel ? <XRay /> : null;
}

const PLAIN = "";

function ColouringSelect() {
  const t = useText();
  const look = useLook();
  const { store } = useParts();
  const lang = useApp((state) => state.view.lang);
  const chosen = useApp((state) => state.view.colouring);
  const colourings = useApp((state) => arrived(state.colourings));
  if (colourings === null || colourings.length === 0) return null;
  const known = colourings.some(({ colouring }) => colouring === chosen);
  const options = [
    { value: PLAIN, label: t("colouring.none") },
    ...colourings.map((one) => ({ value: one.colouring, label: lang === "zh" ? one.title_zh : one.title_en })),
  ];
  return (
    <div className="look-row">
      <span>{t("colouring.title")}</span>
      <Select
        size="small"
        aria-label={t("colouring.title")}
        value={known ? chosen : PLAIN}
        options={options}
        listHeight={360}
        onChange={(next: string | null) => {
          look({ colouring: next === PLAIN ? null : next });
          if (next !== PLAIN) store.dispatch({ type: "view/layer", layer: "network", on: true });
        }}
      />
    </div>
  );
}

function FieldSelect() {
  const t = useText();
  const look = useLook();
  const lang = useApp((state) => state.view.lang);
  const chosen = useApp((state) => state.view.field);
  const fields = useApp((state) => state.fields);
  if (fields.length === 0) return null;
  const options = [
    { value: PLAIN, label: t("field.none") },
    ...fields.map((one) => ({ value: one.field, label: lang === "zh" ? one.title_zh : one.title_en })),
  ];
  return (
    <div className="look-row">
      <span>{t("field.title")}</span>
      <Select
        size="small"
        aria-label={t("field.title")}
        value={fields.some(({ field }) => field === chosen) ? chosen : PLAIN}
        options={options}
        listHeight={320}
        onChange={(next: string | null) => look({ field: next === PLAIN ? null : next })}
      />
    </div>
  );
}
