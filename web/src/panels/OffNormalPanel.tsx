import type { OffNormalValve } from "../api/planner";
import { useText } from "../i18n/hooks";
import { currentCity } from "../state/app";
import { useApp, useParts } from "../state/context";
import type { Marks } from "../state/marks";
import { arrived } from "../state/remote";
import { formatTime } from "../units";
import { OperateValve } from "./OperateValve";
import { MOST_DRAWN, offNormalLegend, offNormalMarks } from "./offNormal";
import { PagedList } from "./PagedList";
import { Panel } from "./Panel";
import { useMarks, useVisit } from "./planning";
import { Subject } from "./Subject";
import { useAnswer } from "./useAnswer";
import { ValveHistoryList } from "./ValveHistoryList";
import { hindrance } from "./valves";

const ROW_PX = 66;

/** Valves that do not stand as they normally do; a valve's history, and its operation by hand. */
export default function OffNormalPanel() {
  const t = useText();
  const { planning } = useParts();
  const asset = useApp((state) => arrived(state.asset));
  const chosen = useApp((state) => state.view.selected !== null);
  const drawn = useAnswer("off-normal drawn", () => planning.offNormal({ limit: MOST_DRAWN }));
  const items = arrived(drawn)?.items ?? [];
  useMarks(`off-normal ${items.map(({ asset_id, state }) => `${asset_id}${state}`).join()}`, () =>
    items.length === 0 ? null : marksOf(items, t("off-normal.closed"), t("off-normal.opened")),
  );
  return (
    <Panel title={t("off-normal.title")} className="work-panel tool-panel off-normal-panel">
      {chosen && <Subject />}
      {asset?.kind === "valve" && (
        <>
          <OperateValve key={asset.asset_id} id={asset.asset_id} />
          <ValveHistoryList id={asset.asset_id} />
        </>
      )}
      {chosen && asset !== null && asset.kind !== "valve" && <p className="note">{t("off-normal.notValve")}</p>}
      <PagedList<OffNormalValve>
        listKey="off-normal"
        label={t("off-normal.title")}
        rowHeight={ROW_PX}
        page={(offset, limit) => planning.offNormal({ offset, limit })}
        empty={t("off-normal.none")}
      >
        {(valve) => <ValveRow valve={valve} />}
      </PagedList>
    </Panel>
  );
}

function marksOf(items: readonly OffNormalValve[], closed: string, opened: string): Marks {
  const legend = offNormalLegend(items, { closed, opened });
  return { features: offNormalMarks(items, new Set()), ids: [], legend, dims: false };
}

function ValveRow({ valve }: { valve: OffNormalValve }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "UTC");
  const visit = useVisit();
  return (
    <div className="row">
      <button type="button" className="row-main" onClick={() => visit(valve.asset_id, valve.position)}>
        <span className="row-text">
          <strong>
            {valve.code || valve.name}{" "}
            <em className="state">
              {t(`valve.${valve.normal_state}`)} → {t(`valve.${valve.state}`)}
            </em>
          </strong>
          <span className="row-detail clamped">
            {[t(`origin.valve.${valve.origin}`), valve.seat, valve.note].filter(Boolean).join(" · ")}
          </span>
          <span className="row-detail clamped">
            {[formatTime(Date.parse(valve.since_at), zone, lang), hindrance(t, valve.operability)]
              .filter(Boolean)
              .join(" · ")}
          </span>
        </span>
      </button>
    </div>
  );
}
