import { Tooltip } from "antd";
import { useText } from "../i18n/hooks";
import { useApp } from "../state/context";
import { type Definitions, figureName, figureText, formulaText, sourceText, type Values } from "./rollout";

interface RolloutFigureProps {
  name: string;
  figures: Values;
  definitions: Definitions;
}

/** A figure with its unit; how it is reckoned and where it is from come under the pointer and under the keyboard's focus. */
export function RolloutFigure({ name, figures, definitions }: RolloutFigureProps) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const definition = definitions.get(name);
  if (definition === undefined) return null;
  const text = figureText(figures[name], definition, lang);
  const source = sourceText(definition, lang);
  const told = [
    `${t("rollout-panels.formula")} ${formulaText(definition, definitions, lang)}`,
    `${t("rollout-panels.source")} ${source}`,
    ...(text === null ? [t("rollout-panels.why", { source })] : []),
  ];
  return (
    <div className={text === null ? "figure unknown" : "figure"} data-figure={name}>
      <dd>{text ?? t("rollout-panels.none")}</dd>
      <Tooltip trigger={["hover", "focus"]} title={<Told lines={told} />}>
        <dt>
          <button type="button" className="told" aria-description={told.join(" ")}>
            {figureName(definition, lang)}
          </button>
        </dt>
      </Tooltip>
    </div>
  );
}

function Told({ lines }: { lines: readonly string[] }) {
  return lines.map((line) => <p key={line}>{line}</p>);
}

interface RolloutFiguresProps {
  title: string;
  names: readonly string[];
  figures: Values;
  definitions: Definitions;
}

/** Some figures under a title. */
export function RolloutFigures({ title, names, figures, definitions }: RolloutFiguresProps) {
  return (
    <section className="rollout-figures" aria-label={title}>
      <h3>{title}</h3>
      <dl className="figures">
        {names.map((name) => (
          <RolloutFigure key={name} name={name} figures={figures} definitions={definitions} />
        ))}
      </dl>
    </section>
  );
}
