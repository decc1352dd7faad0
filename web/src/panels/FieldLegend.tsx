import type { Field } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { currentCity } from "../state/app";
import { useApp } from "../state/context";
import { formatNumber, formatTime, unitLabel } from "../units";
import { rampOf } from "./fields";

/** The colours of the live field on the map, of which time it is and from how many stations. */
export function FieldLegend() {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "Asia/Shanghai");
  const field = useApp((state) => state.fields.find(({ field: name }) => name === state.view.field) ?? null);
  const at = useApp((state) => state.view.at);
  if (field === null) return null;
  // in a replay the field is that of the time that is replayed
  const time = formatTime(Date.parse(at ?? field.as_of_at), zone, lang);
  return (
    <section className="field-legend" aria-label={t("field.title")}>
      <h3>
        {lang === "zh" ? field.title_zh : field.title_en} <small>{unitLabel(field.unit, lang)}</small>
      </h3>
      {field.legend_kind === "ramp" ? <Ramp field={field} /> : <Classes field={field} />}
      <p className="note">
        {t("field.asOf", { time })} · {t("field.stations", { count: field.stations })}
      </p>
    </section>
  );
}

/** Colours between two numbers are mixed. */
function Ramp({ field: { legend } }: { field: Field }) {
  const lang = useApp((state) => state.view.lang);
  return (
    <>
      <i className="field-ramp" style={{ background: rampOf(legend) }} aria-hidden="true" />
      <ol>
        {legend.map(({ value }) => (
          <li key={value}>{formatNumber(value, 1, lang)}</li>
        ))}
      </ol>
    </>
  );
}

/** Classes of a standard, each from its first value on. */
function Classes({ field: { legend } }: { field: Field }) {
  const lang = useApp((state) => state.view.lang);
  return (
    <ol className="classes">
      {legend.map(({ value, colour, ...label }) => (
        <li key={value}>
          <i className="swatch thick" style={{ background: colour }} aria-hidden="true" />
          {lang === "zh" ? label.label_zh : label.label_en} ≥ {formatNumber(value, 1, lang)}
        </li>
      ))}
    </ol>
  );
}
