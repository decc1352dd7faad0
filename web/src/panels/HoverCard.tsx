import { useText } from "../i18n/hooks";
import type { Hover } from "../map/heatMap";
import { useApp } from "../state/context";
import { formatArea, formatShare } from "../units";

/** Figures of the district under the pointer. */
export function HoverCard({ hover }: { hover: Hover }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const { district } = hover;
  return (
    <div className="hover-card" style={{ left: hover.x + 14, top: hover.y + 14 }}>
      <strong>{district.name}</strong>
      <span>
        {t("rollout.rate")} <b>{formatShare(district.rate, lang)}</b>
      </span>
      <span>
        {t("rollout.target")} {formatShare(district.target_rate, lang)}
      </span>
      <span>
        {t("rollout.heated")} {formatArea(district.heated_area_m2, lang)}
      </span>
      <span>
        {t("rollout.clean")} {formatArea(district.clean_area_m2, lang)}
      </span>
    </div>
  );
}
