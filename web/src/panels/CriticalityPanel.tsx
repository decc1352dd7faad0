import type { CriticalSegment } from "../api/planner";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import { formatArea, formatLength, formatNumber } from "../units";
import { criticalMarks } from "./criticality";
import { PagedList } from "./PagedList";
import { Panel } from "./Panel";
import { useMarks, useVisit } from "./planning";
import { RemoteNote } from "./RemoteNote";
import { useAnswer } from "./useAnswer";

const ROW_PX = 68;
/** So many are painted; the list holds all of them. */
const PAINTED = 500;

/** Every segment by the users who lose heat when it is shut, those with most on top and on the map. */
export default function CriticalityPanel() {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const { planning } = useParts();
  const painted = useAnswer("criticality painted", () => planning.criticality({ limit: PAINTED, offset: 0 }));
  const items = arrived(painted)?.items ?? [];
  const label = (from: number) => t("criticality.band", { from: formatNumber(from, 0, lang) });
  useMarks(`criticality ${items.length} ${lang}`, () => (items.length === 0 ? null : criticalMarks(items, label)));
  return (
    <Panel title={t("criticality.title")} className="work-panel tool-panel criticality-panel">
      <p className="note">{t("criticality.how", { count: PAINTED })}</p>
      {painted.state === "failed" ? (
        <RemoteNote remote={painted} />
      ) : (
        <PagedList<CriticalSegment>
          listKey="criticality"
          label={t("criticality.title")}
          rowHeight={ROW_PX}
          page={(offset, limit) => planning.criticality({ offset, limit })}
          empty={t("criticality.none")}
        >
          {(segment, index) => <SegmentRow segment={segment} place={index + 1} />}
        </PagedList>
      )}
    </Panel>
  );
}

function SegmentRow({ segment, place }: { segment: CriticalSegment; place: number }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const selected = useApp((state) => state.view.selected === segment.segment_id);
  const visit = useVisit();
  const lost = [
    `${formatNumber(segment.buildings_lost, 0, lang)} ${t("unit.buildings")}`,
    formatArea(segment.area_lost_m2, lang),
  ];
  return (
    <div className={`row${selected ? " chosen" : ""}`}>
      <button type="button" className="row-main" onClick={() => visit(segment.segment_id, segment.position)}>
        <span className="row-text">
          <strong>
            <i className="number">{place}</i>
            {segment.label} #{segment.segment_id}
          </strong>
          <span className="row-detail clamped">
            {t("legend.lost")} {formatNumber(segment.users_lost, 0, lang)} {t("unit.users")} · {lost.join(" · ")}
          </span>
          <span className="row-detail clamped">
            {t("criticality.short")} {formatNumber(segment.users_short, 0, lang)} {t("unit.users")} ·{" "}
            {t(segment.side === 2 ? "side.return" : "side.supply")} {formatLength(segment.pipe_length_m, lang)}
          </span>
        </span>
      </button>
    </div>
  );
}
