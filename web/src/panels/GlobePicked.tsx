import { Button } from "antd";
import type { GlobeState } from "../globe/useGlobe";
import { useText } from "../i18n/hooks";
import { kindName, type TextKey } from "../i18n/text";
import { navigate } from "../navigation";
import { useApp, useParts } from "../state/context";
import { statusName } from "../state/status";
import { formatValue } from "../units";
import { Panel } from "./Panel";
import { RemoteNote } from "./RemoteNote";

const UNITS: Record<string, string> = { height: "m", depth: "m", dn: "mm", outer_diameter: "mm" };

/** What was clicked on the globe: its columns of the tile, its name and code by the archive, its live status. */
export function GlobePicked({ globe }: { globe: GlobeState }) {
  const t = useText();
  const { statuses, controller } = useParts();
  const lang = useApp((state) => state.view.lang);
  const selected = useApp((state) => state.view.selected);
  const asset = useApp((state) => state.asset);
  useApp((state) => state.live.revision);
  if (selected === null) return null;
  const known = asset.state === "ready" ? asset.value : null;
  const status = statuses.get(selected);
  const columns = Object.entries(globe.picked?.columns ?? {}).filter(([name]) => name !== "code" && name !== "name");
  const code = known?.code ?? globe.picked?.columns.code ?? "";
  const title = known?.name || String(globe.picked?.columns.name ?? code);
  const close = (
    <Button size="small" type="text" aria-label={t("app.close")} onClick={() => controller.select(null)}>
      ✕
    </Button>
  );
  return (
    <Panel title={t("globe.picked")} className="globe-picked" extra={close}>
      <h3>{title}</h3>
      <RemoteNote remote={asset} />
      <dl className="facts">
        <Fact label={known === null ? t("globe.column.code") : kindName(lang, known.kind)} value={code} unit="" />
        {columns.map(([name, value]) => (
          <Fact key={name} label={t(`globe.column.${name}` as TextKey)} value={value} unit={UNITS[name] ?? ""} />
        ))}
        {status !== undefined && (
          <Fact label={t("globe.column.status")} value={t(`status.${statusName(status)}`)} unit="" />
        )}
      </dl>
      <Button block onClick={() => navigate("/")}>
        {t("globe.open")}
      </Button>
    </Panel>
  );
}

function Fact({ label, value, unit }: { label: string; value: string | number; unit: string }) {
  const lang = useApp((state) => state.view.lang);
  return (
    <div>
      <dt>{label}</dt>
      <dd>{typeof value === "number" ? formatValue(value, unit, lang) : value}</dd>
    </div>
  );
}
