import { useState } from "react";
import type { Colouring } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { useApp } from "../state/context";
import { unitLabel } from "../units";
import { useColouring } from "./useColouring";

/** So many rows are told at once; companies and heat sources can be many more. */
const FIRST = 12;

/** The rows of the colouring that the pipes have on the map, from the data that colour them. */
export function ColouringLegend() {
  const colouring = useColouring();
  const on = useApp((state) => state.view.layers.includes("network"));
  return colouring === null || !on ? null : <Rows key={colouring.colouring} colouring={colouring} />;
}

function Rows({ colouring }: { colouring: Colouring }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const early = useApp((state) => (state.view.camera?.zoom ?? 24) < colouring.minzoom);
  const [all, setAll] = useState(false);
  const { items, other, unit } = colouring;
  const label = (one: { label_zh: string; label_en: string }) => (lang === "zh" ? one.label_zh : one.label_en);
  const title = lang === "zh" ? colouring.title_zh : colouring.title_en;
  const note = lang === "zh" ? colouring.note_zh : colouring.note_en;
  const shown = all ? items : items.slice(0, FIRST);
  return (
    <section className="colouring-legend" aria-label={t("colouring.title")}>
      <h3 title={note === "" ? undefined : note}>
        {title}
        {unit !== null && unit !== "" && <small> {unitLabel(unit, lang)}</small>}
        {early && <small> {t("layers.outOfRange", { zoom: colouring.minzoom })}</small>}
      </h3>
      <ul>
        {[...shown, other].map((one) => (
          <li key={`${label(one)} ${one.colour}`}>
            <i className="swatch thick" style={{ background: one.colour }} aria-hidden="true" />
            {label(one)}
          </li>
        ))}
        {items.length > FIRST && (
          <li>
            <button type="button" className="more" aria-expanded={all} onClick={() => setAll(!all)}>
              {all ? t("app.less") : t("app.more", { count: items.length - FIRST })}
            </button>
          </li>
        )}
      </ul>
    </section>
  );
}
