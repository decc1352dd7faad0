import "./rollout.css";
import { Select } from "antd";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { Files } from "./LayerExport";
import { Panel } from "./Panel";
import { RemoteNote } from "./RemoteNote";
import { exportFiles } from "./RolloutOverviewPanel";
import {
  areaId,
  type Definitions,
  figureName,
  figureText,
  RANKINGS,
  type Ranked,
  type Ranking,
  ranked,
  rankingOf,
} from "./rollout";
import { useAreaVisit, useDefinitions, useFigures } from "./useRollout";

const TIERS = ["district", "township"] as const;

/** Districts or townships in their order; a click opens the page of one and takes the map there. */
export default function RolloutRankingsPanel() {
  const t = useText();
  const { desk } = useParts();
  const lang = useApp((state) => state.view.lang);
  const work = useApp((state) => state.view.work);
  const by = rankingOf(work.by);
  const tier = TIERS.find((one) => one === work.tier) ?? "district";
  const parent = tier === "township" ? areaId(work.district) : null;
  const definitions = useDefinitions();
  const districts = useFigures({ kind: "district" });
  const options = RANKINGS.map(({ name }) => {
    const definition = definitions.get(name);
    return { value: name, label: definition === undefined ? name : figureName(definition, lang) };
  });
  return (
    <Panel title={t("rollout-rankings.title")} className="work-panel rollout-panel">
      <div className="filters">
        <Select
          size="small"
          aria-label={t("rollout-rankings.by")}
          value={by.name}
          options={options}
          onChange={(next) => desk.set({ by: next === RANKINGS[0]?.name ? null : next })}
        />
        <Select
          size="small"
          aria-label={t("rollout-map.tier")}
          value={tier}
          options={TIERS.map((value) => ({ value, label: t(`rollout-map.tier.${value}`) }))}
          onChange={(next) => desk.set({ tier: next === "district" ? null : next })}
        />
        {tier === "township" && (
          <Select
            size="small"
            allowClear
            aria-label={t("rollout-map.district")}
            placeholder={t("rollout-map.allDistricts")}
            value={work.district}
            options={(districts.state === "ready" ? districts.value.items : []).map((one) => ({
              value: String(one.area_id),
              label: one.name,
            }))}
            onChange={(next: string | undefined) => desk.set({ district: next ?? null })}
          />
        )}
      </div>
      <RankedAreas by={by} kind={tier} parent={parent} />
      {tier === "district" && (
        <>
          <h3>{t("rollout-rankings.zones")}</h3>
          <p className="note">{t("rollout-rankings.zonesHint")}</p>
          <RankedAreas by={by} kind="zone" parent={null} />
        </>
      )}
      <Files
        title={t("rollout-panels.export")}
        files={exportFiles(t, lang, { kind: tier, parent: parent ?? undefined })}
      />
    </Panel>
  );
}

interface RankedAreasProps {
  by: Ranking;
  kind: "district" | "township" | "village" | "zone";
  parent: number | null;
  most?: number;
}

/** Areas of a kind in their order by a figure, each with a bar of what there is against what is done. */
export function RankedAreas({ by, kind, parent, most }: RankedAreasProps) {
  const t = useText();
  const found = useFigures({ kind, parent });
  const definitions = useDefinitions();
  if (found.state !== "ready") return <RemoteNote remote={found} />;
  const all = ranked(found.value.items, by);
  const rows = most === undefined ? all : all.slice(0, most);
  const longest = Math.max(0, ...all.map(({ whole }) => whole ?? 0));
  if (rows.length === 0) return <p className="empty">{t("rollout-rankings.noAreas")}</p>;
  return (
    <ol className="rollout-ranks" aria-label={t(`rollout-map.kind.${kind}`)} data-by={by.name}>
      {rows.map((row) => (
        <Row key={row.area.area_id} row={row} by={by} longest={longest} definitions={definitions} />
      ))}
    </ol>
  );
}

interface RowProps {
  row: Ranked;
  by: Ranking;
  longest: number;
  definitions: Definitions;
}

function Row({ row, by, longest, definitions }: RowProps) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const visit = useAreaVisit();
  const { area, place, value, whole, part } = row;
  const unit = by.whole === "planned_cny" ? "planned_central_cny" : (by.whole ?? "");
  const amount = (one: number | null) => figureText(one, definitions.get(unit), lang) ?? t("rollout-panels.none");
  const width = (one: number | null) => `${longest > 0 ? (100 * Math.max(0, one ?? 0)) / longest : 0}%`;
  return (
    <li data-area={area.area_id}>
      <button type="button" onClick={() => visit(area.area_id)}>
        <i>{place ?? ""}</i>
        <span>{area.name}</span>
        <b className={value === null ? "unknown" : undefined}>
          {figureText(value, definitions.get(by.name), lang) ?? t("rollout-panels.none")}
        </b>
        {whole !== null && whole > 0 && (
          <>
            <span className="ground-bar" aria-hidden="true">
              <em style={{ width: width(whole) }} />
              <strong style={{ width: width(Math.min(part ?? 0, whole)) }} />
            </span>
            <small>
              {amount(part)} / {amount(whole)}
            </small>
          </>
        )}
      </button>
    </li>
  );
}
