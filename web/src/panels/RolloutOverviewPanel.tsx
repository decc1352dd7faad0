import "./rollout.css";
import { useText } from "../i18n/hooks";
import { navigate } from "../navigation";
import { currentCity } from "../state/app";
import { useApp } from "../state/context";
import { formatTime } from "../units";
import { Files } from "./LayerExport";
import { Panel } from "./Panel";
import { RemoteNote } from "./RemoteNote";
import { RolloutFigures } from "./RolloutFigure";
import type { Values } from "./rollout";
import { oneOf, useAreaVisit, useDefinitions, useFigures } from "./useRollout";

/** The figures of an area by what they are about. */
export const FIGURE_GROUPS = {
  households: ["target_household_count", "finished_count", "completion_rate", "household_count", "installation_rate"],
  rate: [
    "clean_heating_rate",
    "target_rate",
    "household_coverage_rate",
    "heated_area_m2",
    "clean_area_m2",
    "dispersed_area_m2",
  ],
  benefits: ["coal_replaced_tce", "co2_avoided_t", "so2_avoided_t", "nox_avoided_t", "dust_avoided_t"],
  money: [
    "planned_central_cny",
    "planned_local_cny",
    "planned_company_cny",
    "paid_central_cny",
    "paid_local_cny",
    "paid_company_cny",
    "payment_rate",
  ],
  projects: [
    "project_count",
    "early_count",
    "construction_count",
    "completed_count",
    "accepted_count",
    "project_completion_rate",
  ],
  devices: ["device_count", "device_power_kw", "rural_load_mw"],
  service: [
    "ticket_count",
    "ticket_last_season_count",
    "open_ticket_count",
    "mean_handling_hours",
    "satisfaction",
    "supplier_satisfaction",
  ],
} as const satisfies Record<string, readonly string[]>;
export type FigureGroup = keyof typeof FIGURE_GROUPS;
const GROUPS = Object.keys(FIGURE_GROUPS) as FigureGroup[];

/** Where the change from coal stands in the whole city. */
export default function RolloutOverviewPanel() {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "UTC");
  const found = useFigures({ area: 0 });
  const visit = useAreaVisit();
  const city = oneOf(found);
  const at = found.state === "ready" ? found.value.refreshed_at : null;
  return (
    <Panel title={t("rollout-overview.title")} className="work-panel rollout-panel">
      <RemoteNote remote={found} />
      {found.state === "ready" && city === null && <p className="empty">{t("rollout-panels.notSeen")}</p>}
      {city !== null && (
        <>
          <FigureGroups figures={city.figures} groups={GROUPS} />
          <button type="button" className="more" onClick={() => visit(0)}>
            {t("rollout-overview.openCity")}
          </button>
          <button type="button" className="more" onClick={() => navigate("/wall/rollout")}>
            {t("nav.rolloutWall")}
          </button>
          <Files title={t("rollout-panels.export")} files={exportFiles(t, lang, { kind: "district" })} />
        </>
      )}
      {at !== null && (
        <p className="note">
          {t("rollout-panels.countedAt", { time: formatTime(Date.parse(at), zone, lang) })} ·{" "}
          {t("rollout-panels.formulaHint")}
        </p>
      )}
    </Panel>
  );
}

export function FigureGroups({ figures, groups }: { figures: Values; groups: readonly FigureGroup[] }) {
  const t = useText();
  const definitions = useDefinitions();
  return groups.map((group) => (
    <RolloutFigures
      key={group}
      title={t(`rollout-overview.${group}`)}
      names={FIGURE_GROUPS[group]}
      figures={figures}
      definitions={definitions}
    />
  ));
}

/** The figures of some areas as files that the server writes. */
export function exportFiles(
  t: ReturnType<typeof useText>,
  lang: string,
  query: Record<string, string | number | undefined>,
) {
  return (["csv", "xlsx", "gpkg"] as const).map((format) => ({
    label: t(`export.${format}`),
    path: "/rollout/export",
    query: { ...query, lang, format },
  }));
}
