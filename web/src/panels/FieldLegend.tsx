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
  if (field === null) return null;
  const time = field.as_of_at === null ? null : formatTime(Date.parse(field.as_of_at), zone, lang);
  return (
    <section className="field-legend" aria-label={t("field.title")}>
      <h3>
        {lang === "zh" ? field.title_zh : field.title_en} <small>{unitLabel(field.unit, lang)}</small>
      </h3>
      <i className="field-ramp" style={{ background: rampOf(field.legend) }} aria-hidden="true" />
      <ol>
        {field.legend.map(({ value, colour }) => (
          <li key={value} data-colour={colour}>
            {formatNumber(value, 1, lang)}
          </li>
        ))}
      </ol>
      <p className="note">
        {time === null ? t("field.noTime") : t("field.asOf", { time })} ·{" "}
        {t("field.stations", { count: field.stations })}
      </p>
    </section>
  );
}
