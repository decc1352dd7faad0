import { InputNumber } from "antd";
import { useEffect } from "react";
import type { Near } from "../api/records";
import type { AssetItem } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { kindName } from "../i18n/text";
import { useApp, useParts } from "../state/context";
import { drawn, overlayOf } from "../state/overlay";
import { readShape, shapeOf, type Tool } from "../state/shapes";
import { formatLength, formatNumber } from "../units";
import { PagedList } from "./PagedList";
import { Panel } from "./Panel";
import { RemoteNote } from "./RemoteNote";
import { useAnswer } from "./useAnswer";

const TOOLS: readonly Tool[] = ["rectangle", "polygon", "circle", "point"];
const ROW_PX = 52;
const NEAREST = 20;

/** Draws a shape on the map and lists what lies inside, by kind; or what is nearest to a place. */
export function SelectionPanel() {
  const t = useText();
  const work = useApp((state) => state.view.work);
  const drawing = useApp((state) => state.drawing);
  const { desk } = useParts();
  const shape = readShape(work.shape);
  useShape(work.shape);
  return (
    <Panel title={t("selection.title")} className="work-panel selection-panel">
      <fieldset className="tools-row" aria-label={t("selection.tool")}>
        {TOOLS.map((tool) => (
          <button
            key={tool}
            type="button"
            aria-pressed={(drawing?.tool ?? shape?.tool) === tool}
            onClick={() => {
              desk.set({ shape: null, kind: null });
              desk.draw(tool);
            }}
          >
            {t(`selection.tool.${tool}`)}
          </button>
        ))}
      </fieldset>
      {drawing !== null && (
        <p className="note" role="status">
          {t(`selection.how.${drawing.tool}`)}{" "}
          {drawing.tool === "polygon" && drawing.points.length > 2 && (
            <button type="button" className="more" onClick={() => desk.finishDrawing()}>
              {t("selection.finish")}
            </button>
          )}
          <button type="button" className="more" onClick={() => desk.draw(null)}>
            {t("reason.cancel")}
          </button>
        </p>
      )}
      {drawing === null && shape === null && <p className="empty">{t("selection.none")}</p>}
      {drawing === null && shape !== null && shape.tool !== "point" && <Inside />}
      {drawing === null && shape !== null && shape.tool === "point" && <Nearest position={shape.points[0]} />}
    </Panel>
  );
}

/** The shape stays on the map as long as the panel is open. */
function useShape(text: string | undefined): void {
  const { desk } = useParts();
  useEffect(() => {
    const shape = readShape(text);
    if (shape === null) return;
    desk.show(overlayOf(drawn(shapeOf(shape.tool, shape.points), "shape")));
    return () => desk.clear();
  }, [desk, text]);
}

function Inside() {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const work = useApp((state) => state.view.work);
  const { controller, desk } = useParts();
  const shape = readShape(work.shape);
  const geometry = shape === null ? null : shapeOf(shape.tool, shape.points);
  const buffer = Math.max(0, Number(work.buffer ?? 0)) || 0;
  const body = (kind: string | undefined, limit: number, offset = 0) => ({
    limit,
    offset,
    geometry: geometry as GeoJSON.Geometry,
    ...(buffer > 0 ? { buffer_m: buffer } : {}),
    ...(kind === undefined ? {} : { kind }),
  });
  const counted = useAnswer(`within ${work.shape} ${buffer}`, () => desk.within(body(undefined, 1)));
  const counts = counted.state === "ready" ? Object.entries(counted.value.counts) : [];
  return (
    <>
      <p className="switch-line">
        {t("selection.buffer")}
        <InputNumber
          size="small"
          min={0}
          max={5000}
          step={10}
          aria-label={t("selection.buffer")}
          value={buffer}
          onChange={(next) => desk.set({ buffer: next === null || next === 0 ? null : String(next) })}
        />
        m
      </p>
      <RemoteNote remote={counted} />
      <ul className="chips" aria-label={t("selection.kinds")}>
        {counts
          .sort((a, b) => b[1] - a[1])
          .map(([kind, count]) => (
            <li key={kind}>
              <button
                type="button"
                aria-pressed={work.kind === kind}
                onClick={() => desk.set({ kind: work.kind === kind ? null : kind })}
              >
                {kindName(lang, kind)} <b>{formatNumber(count, 0, lang)}</b>
              </button>
            </li>
          ))}
      </ul>
      <PagedList<AssetItem>
        listKey={`${work.shape} ${buffer} ${work.kind ?? ""}`}
        label={t("selection.title")}
        rowHeight={ROW_PX}
        page={(offset, limit) => desk.within(body(work.kind, limit, offset))}
        empty={t("search.none")}
      >
        {(item) => <ItemRow item={item} onVisit={() => controller.visit(item.asset_id, item.position)} />}
      </PagedList>
    </>
  );
}

function Nearest({ position }: { position: readonly [number, number] | undefined }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const { controller, desk } = useParts();
  const [lon, lat] = position ?? [0, 0];
  const found = useAnswer(`nearest ${lon} ${lat}`, () => desk.nearest({ lon, lat, limit: NEAREST }));
  if (found.state !== "ready") return <RemoteNote remote={found} />;
  return (
    <ul className="rows" aria-label={t("selection.nearest")}>
      {found.value.items.map((item: Near) => (
        <li key={item.asset_id}>
          <ItemRow
            item={item}
            distance={formatLength(item.distance_m, lang)}
            onVisit={() => controller.visit(item.asset_id, item.position)}
          />
        </li>
      ))}
    </ul>
  );
}

function ItemRow({ item, distance, onVisit }: { item: AssetItem; distance?: string; onVisit(): void }) {
  const lang = useApp((state) => state.view.lang);
  const detail = [kindName(lang, item.kind), item.code, distance].filter((one) => one !== undefined && one !== "");
  return (
    <div className="row">
      <button type="button" className="row-main" onClick={onVisit}>
        <span className="row-text">
          <strong>{item.name || item.code}</strong>
          <span className="row-detail">{detail.join(" · ")}</span>
        </span>
      </button>
    </div>
  );
}
