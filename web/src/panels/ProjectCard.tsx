import type { Project } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { PROJECT_KINDS, PROJECT_STAGES, stageColour } from "../layers/rolloutProjects";
import { useApp, useParts } from "../state/context";
import { formatArea, formatShare, formatValue, MISSING } from "../units";
import { moneyText } from "./themes";

const SOURCES = ["central", "local", "company"] as const;

export function useProjectWords(): { kind(project: Project): string; stage(project: Project): string } {
  const t = useText();
  const kindOf = ({ project_kind }: Project) => PROJECT_KINDS.find(({ kind }) => kind === project_kind)?.name;
  const stageOf = ({ stage }: Project) => PROJECT_STAGES.find((one) => one.stage === stage)?.name;
  return {
    kind(project) {
      const name = kindOf(project);
      return name === undefined ? (project.project_kind ?? MISSING) : t(`rollout-map.project.${name}`);
    },
    stage(project) {
      const name = stageOf(project);
      return name === undefined ? (project.stage ?? MISSING) : t(`rollout-map.project.${name}`);
    },
  };
}

/** Everything that is known of one project: what, where, how far, by whom, with which money. */
export function ProjectCard({ project, onBack }: { project: Project; onBack(): void }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const { desk } = useParts();
  const words = useProjectWords();
  const { position, area_id } = project;
  const dates = [project.started_on, project.finished_on].map((date) => date ?? MISSING).join(" – ");
  const heating =
    project.centralised === null
      ? MISSING
      : t(project.centralised ? "rollout-map.centralised" : "rollout-map.dispersed");
  const lines = [
    ["rollout-map.projectKind", words.kind(project)],
    ["rollout-map.technicalType", project.technical_type ?? MISSING],
    ["rollout-map.region", project.region ?? MISSING],
    ["rollout-map.heating", heating],
    ["rollout-map.dates", dates],
    ["rollout-map.scale", project.scale_m2 === null ? MISSING : formatArea(project.scale_m2, lang)],
    ["rollout-map.done", project.done_m2 === null ? MISSING : formatArea(project.done_m2, lang)],
    ["rollout-map.completion", formatShare(project.completion, lang)],
    ["rollout-map.coal", formatValue(project.coal_saved_t, "t", lang, 0)],
    [
      "rollout-map.units",
      [project.responsible_unit, project.construction_unit].map((one) => one ?? MISSING).join(" / "),
    ],
  ] as const;
  return (
    <section className="one-object" aria-label={project.name}>
      <p className="crumbs">
        <button type="button" className="link" onClick={onBack}>
          ← {t("rollout-map.back")}
        </button>
        {area_id !== null && (
          <button type="button" className="link" onClick={() => desk.openRollout({ place: String(area_id) })}>
            {project.area_name}
          </button>
        )}
      </p>
      <h3>
        {project.name} <small>{project.code}</small>
      </h3>
      <p>
        <i className="swatch thick" style={{ background: stageColour(project.stage) }} aria-hidden="true" />{" "}
        {words.stage(project)} · {formatShare(project.completion, lang)}
        {position !== null && (
          <button type="button" className="more" onClick={() => desk.goTo([position[0], position[1]])}>
            {t("rollout-map.onMap")}
          </button>
        )}
      </p>
      <dl className="facts">
        {lines.map(([key, value]) => (
          <div key={key}>
            <dt>{t(key)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <h4>{t("rollout-map.money")}</h4>
      <dl className="facts">
        {SOURCES.map((source) => (
          <div key={source}>
            <dt>{t(`rollout-map.${source}`)}</dt>
            <dd>
              {moneyText(project[`paid_${source}_cny`], lang, t)} /{" "}
              {moneyText(project[`planned_${source}_cny`], lang, t)}
            </dd>
          </div>
        ))}
        <div>
          <dt>{t("rollout-map.total")}</dt>
          <dd>
            {moneyText(project.paid_cny, lang, t)} / {moneyText(project.planned_cny, lang, t)} ·{" "}
            {formatShare(project.payment_rate ?? null, lang)}
          </dd>
        </div>
      </dl>
    </section>
  );
}
