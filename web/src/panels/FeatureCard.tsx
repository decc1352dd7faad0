import { useText } from "../i18n/hooks";
import { kindName } from "../i18n/text";
import type { FeatureHover } from "../map/heatMap";
import { useApp } from "../state/context";
import { formatNumber } from "../units";

const HEIGHT_SOURCES = ["feature.unknown", "feature.given", "feature.storeys", "feature.default"] as const;
const KINDS: Record<string, string> = { buildings: "building", pipes: "pipe", fittings: "fitting" };

/** What the tiles tell of the solid under the pointer; a click tells the rest. */
export function FeatureCard({ hover: { x, y, feature } }: { hover: FeatureHover }) {
  const lang = useApp((state) => state.view.lang);
  const kind = "kind" in feature ? feature.kind : (KINDS[feature.tileset] ?? feature.tileset);
  const title = kindName(lang, kind);
  return (
    <div className="hover-card" style={{ left: x + 14, top: y + 14 }}>
      <strong>{feature.name ?? title}</strong>
      {feature.name !== null && <span>{title}</span>}
      {"tile" in feature && <Columns feature={feature} />}
    </div>
  );
}

type Solid = Extract<FeatureHover["feature"], { row: number }>;

function Columns({ feature: { tileset, tile, row } }: { feature: Solid }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const value = (column: string) => tile.table.number(column, row);
  const [height, dn, depth] = [value("height"), value("dn"), value("depth")];
  const source = HEIGHT_SOURCES[value("height_source") ?? 0] ?? HEIGHT_SOURCES[0];
  return (
    <>
      {tileset === "buildings" && height !== null && (
        <span>{t("feature.height", { height: formatNumber(height, 1, lang), source: t(source) })}</span>
      )}
      {dn !== null && dn > 0 && <span>{t("feature.dn", { dn })}</span>}
      {depth !== null && Number.isFinite(depth) && (
        <span>{t("feature.depth", { depth: formatNumber(depth, 2, lang) })}</span>
      )}
    </>
  );
}
