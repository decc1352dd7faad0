import { Slider } from "antd";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { rolloutChoice } from "../state/rolloutMap";

/** The years of the rollout, and now; arrow keys go from one to the next. */
export function YearSlider() {
  const t = useText();
  const { desk } = useParts();
  const years = useApp((state) => state.rolloutMap.years);
  const year = useApp((state) => rolloutChoice(state.view.work).year);
  if (years.length === 0) return null;
  const place = year === null ? -1 : years.indexOf(year);
  const text = (at: number) => {
    const one = years[at];
    return one === undefined ? t("rollout-map.now") : t("rollout-map.atEnd", { year: one });
  };
  return (
    <div className="year-slider">
      <span id="rollout-year">{t("rollout-map.year")}</span>
      <Slider
        min={0}
        max={years.length}
        step={1}
        marks={Object.fromEntries([...years.map((one, at) => [at, one]), [years.length, t("rollout-map.now")]])}
        value={place < 0 ? years.length : place}
        tooltip={{ formatter: (at) => text(at ?? years.length) }}
        ariaLabelledByForHandle="rollout-year"
        ariaValueTextFormatterForHandle={(at) => text(at)}
        onChange={(at: number) => desk.set({ year: years[at] === undefined ? null : String(years[at]) })}
      />
      {year !== null && <p className="note">{t("rollout-map.pastHint")}</p>}
    </div>
  );
}
