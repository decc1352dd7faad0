import { useText } from "../i18n/hooks";
import { OTHER_COLOUR } from "../layers/palette";
import { DEVICES_FROM_ZOOM } from "../layers/rolloutAreas";
import { PROJECT_KINDS, PROJECT_STAGES } from "../layers/rolloutProjects";
import { MARKERS, paintOf } from "../layers/rolloutThemes";
import { rolloutAddress } from "../map/icons";
import { useApp } from "../state/context";
import { rolloutChoice } from "../state/rolloutMap";
import { STATUS } from "../state/status";
import { StatusMark } from "./StatusMark";
import { legendOf } from "./themes";

/** What colours, hatchings and signs of the rollout's layers mean. */
export function ThemeLegend() {
  const areas = useApp((state) => state.view.layers.includes("rollout-areas") && hasTiles(state.tilesets));
  const projects = useApp((state) => state.view.layers.includes("rollout-projects"));
  return (
    <>
      {areas && <AreaLegend />}
      {projects && <ProjectLegend />}
    </>
  );
}

function hasTiles(tilesets: { state: string; value?: Record<string, unknown> }): boolean {
  return tilesets.value?.rollout !== undefined;
}

function AreaLegend() {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const work = useApp((state) => state.view.work);
  const { theme, energy, year } = rolloutChoice(work);
  const close = useApp((state) => (state.view.camera?.zoom ?? 0) >= DEVICES_FROM_ZOOM);
  const lines = legendOf(paintOf(theme, energy), lang, t);
  return (
    <section className="theme-legend" aria-label={t("rollout-map.title")}>
      <h3>
        {t(`rollout-map.theme.${theme}`)}
        <small> {year === null ? t("rollout-map.now") : t("rollout-map.atEnd", { year })}</small>
      </h3>
      <ul>
        {lines.map(({ colour, label }, i) => (
          <li key={label}>
            {theme === "marker" ? (
              <img className="sign" src={rolloutAddress(`rollout-marker-${MARKERS[i]?.code ?? 1}`)} alt="" />
            ) : (
              <i
                className="swatch thick"
                style={{ backgroundColor: colour, ...(theme === "type" ? hatched(i) : {}) }}
                aria-hidden="true"
              />
            )}
            {label}
          </li>
        ))}
        <li>
          <i className="swatch thick" style={{ background: OTHER_COLOUR }} aria-hidden="true" />
          {t("rollout-map.unknown")}
        </li>
      </ul>
      {close && (
        <ul>
          <li>
            <StatusMark code={STATUS.normal} />
            {t("rollout-map.running")}
          </li>
          <li>
            <StatusMark code={STATUS.off} />
            {t("rollout-map.stopped")}
          </li>
        </ul>
      )}
      {theme === "marker" && <p className="note">{t("rollout-map.markerHint")}</p>}
    </section>
  );
}

const HATCHINGS = ["90deg", "45deg"] as const;

/** The hatching of a type as the map draws it: upright lines, slanting lines, dots. */
function hatched(place: number): { backgroundImage: string; backgroundSize?: string } {
  const angle = HATCHINGS[place];
  if (angle === undefined)
    return { backgroundImage: "radial-gradient(#0b1624 1.4px, transparent 1.6px)", backgroundSize: "5px 5px" };
  return { backgroundImage: `repeating-linear-gradient(${angle}, #0b1624 0 1.2px, transparent 1.2px 5px)` };
}

function ProjectLegend() {
  const t = useText();
  return (
    <section className="theme-legend" aria-label={t("rollout-map.projects")}>
      <h3>
        {t("rollout-map.projects")}
        <small> {t("rollout-map.project.size")}</small>
      </h3>
      <ul>
        {PROJECT_KINDS.map(({ name }) => (
          <li key={name}>
            <img className="sign" src={rolloutAddress(`project-${name}-unknown`)} alt="" />
            {t(`rollout-map.project.${name}`)}
          </li>
        ))}
        {PROJECT_STAGES.map(({ name, stage, colour }) => (
          <li key={name}>
            <i className="swatch thick" style={{ background: colour }} aria-hidden="true" />
            {stage.slice(0, 1)} {t(`rollout-map.project.${name}`)}
          </li>
        ))}
      </ul>
    </section>
  );
}
