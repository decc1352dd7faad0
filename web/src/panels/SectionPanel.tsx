import "./section.css";
import { InputNumber, Select } from "antd";
import { useEffect, useRef, useState } from "react";
import type { Section } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { drawn, overlayOf } from "../state/overlay";
import { arrived } from "../state/remote";
import { readLine, shapeOf } from "../state/shapes";
import { formatLength, formatNumber } from "../units";
import { Panel } from "./Panel";
import { RemoteNote } from "./RemoteNote";
import { SectionDiagram } from "./SectionDiagram";
import { csvOf, hasGround, layoutOf, type SectionPipe, STRETCHES } from "./section";
import { useAnswer } from "./useAnswer";
import { XRay } from "./XRay";

const REACH_M = 2;
const MOST_REACH_M = 50;
const AUTO = 0;

/** A line on the map and what the ground holds under it. */
export default function SectionPanel() {
  const t = useText();
  const work = useApp((state) => state.view.work);
  const drawing = useApp((state) => state.drawing);
  const { desk, store } = useParts();
  const line = readLine(work.line);
  const reach = Math.min(Math.max(Number(work.reach ?? REACH_M) || 0, 0), MOST_REACH_M);
  const found = useAnswer(line === null ? null : `section ${work.line} ${reach}`, () =>
    desk.section({ line: work.line, reach_m: reach }),
  );
  const section = line === null ? null : arrived(found);
  useEffect(() => {
    store.dispatch({ type: "section", section });
    return () => store.dispatch({ type: "section", section: null });
  }, [store, section]);
  useEffect(() => {
    const points = readLine(work.line);
    if (points === null) return;
    desk.show(overlayOf(drawn(shapeOf("line", points), "shape")));
    return () => desk.clear();
  }, [desk, work.line]);
  return (
    <Panel title={t("section.title")} className="work-panel section-panel">
      <div className="tools-row">
        <button
          type="button"
          aria-pressed={drawing !== null}
          onClick={() => {
            desk.set({ line: null });
            desk.draw("line");
          }}
        >
          {t(line === null ? "section.draw" : "section.redraw")}
        </button>
      </div>
      <XRay />
      {drawing !== null && (
        <p className="note" role="status">
          {t("selection.how.line")}{" "}
          {drawing.points.length > 1 && (
            <button type="button" className="more" onClick={() => desk.finishDrawing()}>
              {t("selection.finish")}
            </button>
          )}
          <button type="button" className="more" onClick={() => desk.draw(null)}>
            {t("reason.cancel")}
          </button>
        </p>
      )}
      {drawing === null && line === null && <p className="empty">{t("section.none")}</p>}
      {drawing === null && line !== null && section === null && <RemoteNote remote={found} />}
      {section !== null && <Shown section={section} reach={reach} />}
    </Panel>
  );
}

function Shown({ section, reach }: { section: Section; reach: number }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const work = useApp((state) => state.view.work);
  const selected = useApp((state) => state.view.selected);
  const { controller, desk } = useParts();
  const [hovered, setHovered] = useState<number | null>(null);
  const [box, width] = useWidth();
  const svg = useRef<SVGSVGElement>(null);
  const chosen = STRETCHES.find((times) => String(times) === work.stretch) ?? null;
  const sideOf = (pipe: SectionPipe) => ["", t("section.supply"), t("section.return")][pipe.side] ?? "";
  const layout = layoutOf(section, width, chosen, (pipe) => [
    `${pipe.dn === null ? pipe.code : `DN${pipe.dn}`} ${sideOf(pipe)}`.trim(),
    `${(pipe.course[0]?.crown_depth_m ?? 0).toFixed(2)} m`,
  ]);
  const auto = layoutOf(section, width, null, () => ["", ""]).times;
  return (
    <>
      <p className="switch-line">
        {t("section.stretch")}
        <Select
          size="small"
          aria-label={t("section.stretch")}
          value={chosen ?? AUTO}
          options={[
            { value: AUTO, label: t("section.auto", { times: auto }) },
            ...STRETCHES.map((times) => ({
              value: times as number,
              label: times === 1 ? t("section.same") : t("section.times", { times }),
            })),
          ]}
          onChange={(next: number) => desk.set({ stretch: next === AUTO ? null : String(next) })}
        />
        {t("section.reach")}
        <InputNumber
          size="small"
          min={0}
          max={MOST_REACH_M}
          aria-label={t("section.reach")}
          value={reach}
          onChange={(next) => desk.set({ reach: next === null || next === REACH_M ? null : String(next) })}
        />
        {t("section.m")}
      </p>
      <p className="note" data-testid="section-scale">
        {t("section.length", { length: formatLength(section.length_m, lang), times: layout.times })}
        {!hasGround(section) && <> · {t("section.noGround")}</>}
      </p>
      <div ref={box} className="section-box">
        <SectionDiagram
          ref={svg}
          layout={layout}
          label={t("section.diagram", { count: section.pipes.length })}
          hovered={hovered}
          selected={selected}
          onHover={setHovered}
          onSelect={(id) => controller.select(id)}
        />
      </div>
      {layout.crowded > 0 && <p className="note">{t("section.crowded", { count: layout.crowded })}</p>}
      <fieldset className="tools-row" aria-label={t("section.export")}>
        <button type="button" onClick={() => svg.current && save("section.svg", svgBlob(svg.current))}>
          {t("section.svg")}
        </button>
        <button
          type="button"
          onClick={() => svg.current && void png(svg.current).then((made) => save("section.png", made))}
        >
          {t("section.png")}
        </button>
        <button
          type="button"
          onClick={() => save("section.csv", new Blob([`\ufeff${csvOf(section)}`], { type: "text/csv;charset=utf-8" }))}
        >
          {t("section.csv")}
        </button>
      </fieldset>
      {section.pipes.length === 0 && <p className="empty">{t("section.empty")}</p>}
      <ol className="rows section-rows" aria-label={t("section.list")}>
        {section.pipes.map((pipe) => (
          <li key={`${pipe.asset_id} ${pipe.course[0]?.distance_m}`} data-asset={pipe.asset_id}>
            <button
              type="button"
              className={pipe.asset_id === hovered || pipe.asset_id === selected ? "chosen" : ""}
              onMouseEnter={() => setHovered(pipe.asset_id)}
              onMouseLeave={() => setHovered(null)}
              onFocus={() => setHovered(pipe.asset_id)}
              onClick={() => controller.select(pipe.asset_id)}
            >
              <PipeText pipe={pipe} side={sideOf(pipe)} />
            </button>
          </li>
        ))}
      </ol>
      {(section.hidden_pipes ?? 0) > 0 && (
        <p className="note">{t("section.hidden", { count: section.hidden_pipes ?? 0 })}</p>
      )}
    </>
  );
}

function PipeText({ pipe, side }: { pipe: SectionPipe; side: string }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const [first] = pipe.course;
  const last = pipe.course.at(-1);
  const depth = first?.crown_depth_m ?? 0;
  const source = t(`section.${pipe.depth_source}`);
  const places = [first, ...(pipe.along ? [last] : [])].map((at) => formatNumber(at?.distance_m, 2, lang)).join("–");
  return (
    <>
      <b>
        {pipe.dn === null ? pipe.code : `DN${pipe.dn}`} {side} {pipe.along && t("section.along")}
      </b>{" "}
      {t("section.at", { distance: places })}
      <small>
        {pipe.code} ·{" "}
        {t(depth < 0 ? "section.over" : "section.depth", { depth: formatNumber(Math.abs(depth), 2, lang), source })} ·{" "}
        {pipe.outer_diameter_mm === null
          ? t("section.noSize")
          : t("section.size", { mm: formatNumber(pipe.outer_diameter_mm, 0, lang) })}
      </small>
    </>
  );
}

const FIRST_WIDTH = 360;

/** A box and its width, followed while the panel changes. */
function useWidth(): [(box: HTMLDivElement | null) => void, number] {
  const [box, setBox] = useState<HTMLDivElement | null>(null);
  const [width, setWidth] = useState(FIRST_WIDTH);
  useEffect(() => {
    if (box === null) return;
    const follow = () => setWidth(Math.max(Math.floor(box.clientWidth), 240));
    const watch = new ResizeObserver(follow);
    watch.observe(box);
    follow();
    return () => watch.disconnect();
  }, [box]);
  return [setBox, width];
}

function save(name: string, file: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

function svgBlob(svg: SVGSVGElement): Blob {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return new Blob([new XMLSerializer().serializeToString(copy)], { type: "image/svg+xml" });
}

const PNG_SCALE = 2;

async function png(svg: SVGSVGElement): Promise<Blob> {
  const address = URL.createObjectURL(svgBlob(svg));
  const picture = new Image();
  picture.src = address;
  await picture.decode();
  URL.revokeObjectURL(address);
  const canvas = document.createElement("canvas");
  canvas.width = svg.width.baseVal.value * PNG_SCALE;
  canvas.height = svg.height.baseVal.value * PNG_SCALE;
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return await new Promise((done, fail) =>
    canvas.toBlob((made) => (made === null ? fail(new Error("no picture")) : done(made)), "image/png"),
  );
}
