import "./rollout.css";
import { lazy, Suspense } from "react";
import { useText } from "../i18n/hooks";
import { useApp } from "../state/context";
import { formatShare } from "../units";
import { Panel } from "./Panel";
import { RemoteNote } from "./RemoteNote";
import { RankedAreas } from "./RolloutRankingsPanel";
import { formatMoney, moneyTree, rankingOf } from "./rollout";
import { moneyOption } from "./rolloutCharts";
import { useFigures, useLook } from "./useRollout";

const RolloutChart = lazy(() => import("./RolloutChart"));
const TREE_PX = 300;

/** Money of projects by source and district, planned and paid. */
export default function RolloutMoneyPanel() {
  const t = useText();
  return (
    <Panel title={t("rollout-money.title")} className="work-panel rollout-panel">
      <MoneyTree />
      <h3>{t("rollout-money.districts")}</h3>
      <RankedAreas by={rankingOf("payment_rate")} kind="district" parent={null} />
    </Panel>
  );
}

/** Source, inside it the districts: as wide as planned, as bright as paid; paid above plan is told apart. */
export function MoneyTree({ wall = false }: { wall?: boolean }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const look = useLook(wall);
  const found = useFigures({ kind: "district" });
  const money = (yuan: number | null) => (yuan === null ? t("rollout-panels.none") : formatMoney(yuan, lang));
  if (found.state !== "ready") return <RemoteNote remote={found} />;
  const tree = moneyTree(found.value.items);
  if (tree.every(({ planned, paid }) => planned === null && paid === null))
    return <p className="empty">{t("rollout-panels.noProjects")}</p>;
  return (
    <>
      <Suspense fallback={null}>
        <RolloutChart
          option={moneyOption(tree, (source) => t(`rollout-money.${source}`), look)}
          label={t("rollout-money.title")}
          heightPx={wall ? 300 : TREE_PX}
        />
      </Suspense>
      <table className="lengths rollout-table" aria-label={t("rollout-money.title")}>
        <thead>
          <tr>
            <th scope="col">{t("rollout-money.source")}</th>
            <th scope="col" className="amount">
              {t("rollout-money.planned")}
            </th>
            <th scope="col" className="amount">
              {t("rollout-money.paid")}
            </th>
            <th scope="col" className="amount">
              {t("rollout-money.rate")}
            </th>
          </tr>
        </thead>
        <tbody>
          {tree.map(({ source, planned, paid }) => (
            <tr key={source} data-source={source}>
              <th scope="row">{t(`rollout-money.${source}`)}</th>
              <td className="amount">{money(planned)}</td>
              <td className="amount">{money(paid)}</td>
              <td className="amount">
                {planned !== null && paid !== null && planned > 0
                  ? formatShare(paid / planned, lang)
                  : t("rollout-panels.none")}
                {(paid ?? 0) > (planned ?? 0) && <small> {t("rollout-money.above")}</small>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
