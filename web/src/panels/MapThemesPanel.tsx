import { Segmented, Select } from "antd";
import { useEffect, useState } from "react";
import type { Project } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { PROJECT_KINDS, PROJECT_STAGES } from "../layers/rolloutProjects";
import { ENERGIES, STAGES, THEMES, type Theme, TIERS } from "../layers/rolloutThemes";
import { useApp, useParts } from "../state/context";
import { LISTED, rolloutChoice } from "../state/rolloutMap";
import { formatArea, formatShare } from "../units";
import { AreaCard } from "./AreaCard";
import { PagedList } from "./PagedList";
import { Panel } from "./Panel";
import { ProjectCard, useProjectWords } from "./ProjectCard";
import { useAnswer } from "./useAnswer";
import { YearSlider } from "./YearSlider";

/** The check that finds devices away from their village. */
const MOVED = "device_off_village";
const ROW_PX = 58;

/** How the map shows the rollout: theme, areas, year; the card of an area or project that was clicked. */
export default function MapThemesPanel() {
  const t = useText();
  const work = useApp((state) => state.view.work);
  const { desk } = useParts();
  const { project, place, listed } = rolloutChoice(work);
  return (
    <Panel title={t("rollout-map.title")} className="work-panel rollout-map">
      <Controls />
      <YearSlider />
      <Segmented
        block
        size="small"
        aria-label={t("rollout-map.listed")}
        options={LISTED.map((value) => ({ value, label: t(`rollout-map.listed.${value}`) }))}
        value={listed}
        onChange={(value) => desk.set({ listed: value, project: null })}
      />
      {listed === "areas" && <AreaCard id={place} />}
      {listed === "projects" && (project !== null ? <OneProject id={project} /> : <Projects />)}
    </Panel>
  );
}

function Controls() {
  const t = useText();
  const { desk } = useParts();
  const lang = useApp((state) => state.view.lang);
  const work = useApp((state) => state.view.work);
  const { theme, tier, energy, stage, district } = rolloutChoice(work);
  const found = useAnswer("rollout districts", () => desk.rolloutAreas({ kind: "district" }));
  const districts = found.state === "ready" ? found.value.items : [];
  return (
    <>
      <fieldset className="theme-buttons" aria-label={t("rollout-map.theme")}>
        {THEMES.map((one: Theme) => (
          <button key={one} type="button" aria-pressed={one === theme} onClick={() => desk.set({ theme: one })}>
            {t(`rollout-map.theme.${one}`)}
          </button>
        ))}
      </fieldset>
      <div className="filters">
        <Select
          size="small"
          aria-label={t("rollout-map.tier")}
          value={tier}
          options={TIERS.map((value) => ({ value, label: t(`rollout-map.tier.${value}`) }))}
          onChange={(value) => desk.set({ tier: value === "auto" ? null : value })}
        />
        <Select
          size="small"
          allowClear
          aria-label={t("rollout-map.stage")}
          placeholder={t("rollout-map.stage")}
          value={stage}
          options={STAGES.map(({ code, name, sign }) => ({
            value: code,
            label: `${sign[lang]} ${t(`rollout-map.stage.${name}` as "rollout-map.stage.early")}`,
          }))}
          onChange={(value: number | undefined) => desk.set({ at_stage: value === undefined ? null : String(value) })}
        />
        <Select
          size="small"
          allowClear
          showSearch={{ optionFilterProp: "label" }}
          aria-label={t("rollout-map.district")}
          placeholder={t("rollout-map.allDistricts")}
          value={district}
          options={districts.map(({ area_id, name }) => ({ value: area_id, label: name }))}
          onChange={(value: number | undefined) => desk.set({ district: value === undefined ? null : String(value) })}
        />
        {theme === "energy" && (
          <Select
            size="small"
            allowClear
            aria-label={t("rollout-map.energy")}
            placeholder={t("rollout-map.mainEnergy")}
            value={energy}
            options={ENERGIES.map(({ name }) => ({
              value: name,
              label: t(`rollout-map.energy.${name}` as "rollout-map.energy.heat"),
            }))}
            onChange={(value: string | undefined) => desk.set({ energy: value ?? null })}
          />
        )}
        <button
          type="button"
          className="more"
          title={t("rollout-map.movedHint")}
          onClick={() => {
            desk.open("problems");
            desk.set({ rule: MOVED, state: null, severity: null });
          }}
        >
          {t("rollout-map.moved")}
        </button>
      </div>
    </>
  );
}

function Projects() {
  const t = useText();
  const { desk } = useParts();
  const lang = useApp((state) => state.view.lang);
  const work = useApp((state) => state.view.work);
  const words = useProjectWords();
  const { district } = rolloutChoice(work);
  const [stage, setStage] = useState<string>();
  const [kind, setKind] = useState<string>();
  const filter = { area: district, stage, kind };
  return (
    <>
      <h3>{t("rollout-map.projects")}</h3>
      <div className="filters">
        <Select
          size="small"
          allowClear
          aria-label={t("rollout-map.projectStage")}
          placeholder={t("rollout-map.projectStage")}
          value={stage}
          options={PROJECT_STAGES.map(({ stage: value, name }) => ({ value, label: t(`rollout-map.project.${name}`) }))}
          onChange={setStage}
        />
        <Select
          size="small"
          allowClear
          aria-label={t("rollout-map.projectKind")}
          placeholder={t("rollout-map.projectKind")}
          value={kind}
          options={PROJECT_KINDS.map(({ kind: value, name }) => ({ value, label: t(`rollout-map.project.${name}`) }))}
          onChange={setKind}
        />
      </div>
      <PagedList<Project>
        listKey={JSON.stringify(filter)}
        label={t("rollout-map.projects")}
        rowHeight={ROW_PX}
        page={(offset, limit) => desk.projects({ ...filter, offset, limit })}
        empty={t("rollout-map.noProjects")}
      >
        {(project) => (
          <div className="row">
            <button
              type="button"
              className="row-main"
              onClick={() => {
                desk.openRollout({ project: String(project.row_id) });
                if (project.position !== null) desk.goTo([project.position[0], project.position[1]]);
              }}
            >
              <span className="row-text">
                <strong>{project.name}</strong>
                <span className="row-detail">
                  {words.stage(project)} · {project.area_name ?? ""} ·{" "}
                  {project.scale_m2 === null ? "" : formatArea(project.scale_m2, lang)} ·{" "}
                  {formatShare(project.completion, lang)}
                </span>
              </span>
            </button>
          </div>
        )}
      </PagedList>
    </>
  );
}

function OneProject({ id }: { id: number }) {
  const t = useText();
  const { desk } = useParts();
  const drawn = useApp((state) => state.rolloutMap.projects?.features.find((one) => one.id === id)?.properties);
  const [found, setFound] = useState<Project | null>(null);
  useEffect(() => {
    if (drawn !== undefined) return;
    let left = false;
    // one without a position is not on the map
    desk.projects({ limit: 1000 }).then(
      ({ items }) => !left && setFound(items.find(({ row_id }) => row_id === id) ?? null),
      () => {},
    );
    return () => {
      left = true;
    };
  }, [desk, drawn, id]);
  const project = drawn ?? found;
  const back = () => desk.set({ project: null });
  if (project === null) return <p className="empty">{t("app.loading")}</p>;
  return <ProjectCard project={project} onBack={back} />;
}
