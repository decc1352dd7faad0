import { useText } from "../i18n/hooks";
import type { FeatureHover } from "../map/heatMap";
import { useApp } from "../state/context";
import { formatNumber } from "../units";

const HEIGHT_SOURCES = ["feature.unknown", "feature.given", "feature.storeys", "feature.default"] as const;
const TITLES = { buildings: "feature.buildings", pipes: "feature.pipes", fittings: "feature.fittings" } as const;

/** What the tiles tell of the solid under the pointer; a click tells the rest. */
export function FeatureCard({ hover }: { hover: FeatureHover }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const { tileset, name, tile, row } = hover.feature;
  const value = (column: string) => tile.table.number(column, row);
  const [height, dn, depth] = [value("height"), value("dn"), value("depth")];
  const source = HEIGHT_SOURCES[value("height_source") ?? 0] ?? HEIGHT_SOURCES[0];
  const title = tileset in TITLES ? t(TITLES[tileset as keyof typeof TITLES]) : tileset;
  return (
    <div className="hover-card" style={{ left: hover.x + 14, top: hover.y + 14 }}>
      <strong>{name ?? title}</strong>
      {name !== null && <span>{title}</span>}
      {tileset === "buildings" && height !== null && (
        <span>{t("feature.height", { height: formatNumber(height, 1, lang), source: t(source) })}</span>
      )}
      {dn !== null && dn > 0 && <span>{t("feature.dn", { dn })}</span>}
      {depth !== null && Number.isFinite(depth) && (
        <span>{t("feature.depth", { depth: formatNumber(depth, 2, lang) })}</span>
      )}
    </div>
  );
}
