import { useText } from "../i18n/hooks";
import { useApp } from "../state/context";
import { arrived } from "../state/remote";
import { keyFigures } from "./contents";

const SHOWN = ["sources", "substations", "supply", "buildings", "users", "area"];

/** The size of the city in one line under the title of a wall. */
export function WallStrip() {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const contents = useApp((state) => arrived(state.contents));
  if (contents === null) return null;
  return (
    <section className="wall-strip" aria-label={t("contents.title")}>
      <dl>
        {keyFigures(contents, t, lang)
          .filter(({ key }) => SHOWN.includes(key))
          .map(({ key, label, value }) => (
            <div key={key}>
              <dt>{label}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </section>
  );
}
