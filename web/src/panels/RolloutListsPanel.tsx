import "./rollout.css";
import { Input, Segmented, Select } from "antd";
import { useState } from "react";
import type { ProjectPage } from "../api/rolloutFigures";
import type { Answer, Project } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { PROJECT_KINDS, PROJECT_STAGES } from "../layers/rolloutProjects";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import { formatArea, formatShare, MISSING } from "../units";
import { Files } from "./LayerExport";
import { PagedList } from "./PagedList";
import { Panel } from "./Panel";
import { areaId, cellText } from "./rollout";
import { useFigures, useShares } from "./useRollout";

const LISTS = ["projects", "households", "tickets"] as const;
type List = (typeof LISTS)[number];
const REGISTER = { projects: "retrofit_project", households: "household", tickets: "service_ticket" } as const;
const ROW_PX = 62;
type Rows = Answer<"/registers/{register}", "get">;
type Row = Rows["items"][number];

/** The rows behind the figures: filtered by the server, masked by the seat, taken away as files of the server. */
export default function RolloutListsPanel() {
  const t = useText();
  const { desk } = useParts();
  const work = useApp((state) => state.view.work);
  const list: List = LISTS.find((one) => one === work.list) ?? "projects";
  return (
    <Panel title={t("rollout-lists.title")} className="work-panel rollout-panel rollout-lists">
      <Segmented
        block
        size="small"
        aria-label={t("rollout-lists.title")}
        options={LISTS.map((value) => ({ value, label: t(`rollout-lists.${value}`) }))}
        value={list}
        onChange={(next) => desk.set({ list: next === "projects" ? null : next })}
      />
      {list === "projects" ? <Projects /> : <RegisterRows key={list} list={list} />}
    </Panel>
  );
}

/** The district or village whose rows are listed. */
function AreaSelect() {
  const t = useText();
  const { desk } = useParts();
  const chosen = useApp((state) => state.view.work.district);
  const districts = useFigures({ kind: "district" });
  const zones = useFigures({ kind: "zone" });
  const areas = [...(arrived(districts)?.items ?? []), ...(arrived(zones)?.items ?? [])];
  const options = areas.map((one) => ({ value: String(one.area_id), label: one.name }));
  const known = chosen === undefined || options.some(({ value }) => value === chosen);
  return (
    <Select
      size="small"
      allowClear
      showSearch={{ optionFilterProp: "label" }}
      aria-label={t("rollout-map.district")}
      placeholder={t("rollout-map.allDistricts")}
      value={chosen}
      options={known ? options : [...options, { value: chosen, label: t("rollout-lists.village") }]}
      onChange={(next: string | undefined) => desk.set({ district: next ?? null })}
    />
  );
}

function Projects() {
  const t = useText();
  const { desk, planning } = useParts();
  const lang = useApp((state) => state.view.lang);
  const work = useApp((state) => state.view.work);
  const [stage, setStage] = useState<string>();
  const [kind, setKind] = useState<string>();
  const types = arrived(useShares(0, "technical_type")) ?? [];
  const area = areaId(work.district);
  const filter = { area, stage, kind, technical_type: work.technical };
  return (
    <>
      <div className="filters">
        <AreaSelect />
        <Choice label={t("rollout-map.projectStage")} value={stage} onChange={setStage}>
          {PROJECT_STAGES.map((one) => ({ value: one.stage, label: t(`rollout-map.project.${one.name}`) }))}
        </Choice>
        <Choice label={t("rollout-map.projectKind")} value={kind} onChange={setKind}>
          {PROJECT_KINDS.map((one) => ({ value: one.kind, label: t(`rollout-map.project.${one.name}`) }))}
        </Choice>
        <Choice
          label={t("rollout-lists.technical")}
          value={work.technical}
          onChange={(next) => desk.set({ technical: next ?? null })}
        >
          {types.map(({ key }) => ({ value: key, label: key }))}
        </Choice>
      </div>
      <PagedList<Project>
        listKey={`projects ${JSON.stringify(filter)}`}
        label={t("rollout-lists.projects")}
        rowHeight={ROW_PX}
        page={(offset, limit) => planning.get<ProjectPage>("/rollout/projects", { ...filter, offset, limit })}
        empty={t("rollout-lists.none")}
      >
        {(project) => (
          <div className="row">
            <button
              type="button"
              className="row-main"
              onClick={() => {
                desk.openRollout({ project: String(project.row_id) });
                desk.goTo(project.position);
              }}
            >
              <span className="row-text">
                <strong>{project.name}</strong>
                <span className="row-detail">
                  {[
                    project.area_name,
                    project.technical_type,
                    project.stage,
                    project.scale_m2 === null ? null : formatArea(project.scale_m2, lang),
                    project.completion === null ? MISSING : formatShare(project.completion, lang),
                  ]
                    .filter((one) => one !== null)
                    .join(" · ")}
                </span>
              </span>
            </button>
          </div>
        )}
      </PagedList>
      <RegisterFiles list="projects" />
    </>
  );
}

interface ChoiceProps {
  label: string;
  value: string | undefined;
  onChange(next: string | undefined): void;
  children: { value: string; label: string }[];
}

function Choice({ label, value, onChange, children }: ChoiceProps) {
  return (
    <Select
      size="small"
      allowClear
      aria-label={label}
      placeholder={label}
      value={value}
      options={children}
      onChange={onChange}
    />
  );
}

/** Households or tickets of a district or village, page by page. */
function RegisterRows({ list }: { list: "households" | "tickets" }) {
  const t = useText();
  const { desk, planning } = useParts();
  const lang = useApp((state) => state.view.lang);
  const asset = areaId(useApp((state) => state.view.work.district));
  const [search, setSearch] = useState("");
  const [columns, setColumns] = useState<Rows["columns"]>([]);
  const register = REGISTER[list];
  const filter = { asset, q: search === "" ? null : search };
  async function page(offset: number, limit: number): Promise<Rows> {
    const answer = await planning.get<Rows>(`/registers/${register}`, { ...filter, offset, limit });
    setColumns(answer.columns);
    return answer;
  }
  return (
    <>
      <div className="filters">
        <AreaSelect />
        <Input.Search
          size="small"
          allowClear
          aria-label={t("rollout-lists.search")}
          placeholder={t("rollout-lists.search")}
          onSearch={setSearch}
        />
      </div>
      <PagedList<Row>
        listKey={`${register} ${JSON.stringify(filter)}`}
        label={t(`rollout-lists.${list}`)}
        rowHeight={ROW_PX}
        page={page}
        empty={t("rollout-lists.none")}
      >
        {(row) => (
          <div className="row">
            <button type="button" className="row-main" onClick={() => desk.goTo(row.position)}>
              <span className="row-text">
                <strong>
                  {row.name || row.code}
                  {row.masked && <small> {t("rollout-lists.masked")}</small>}
                </strong>
                <span className="row-detail">{cellText(list, row.attributes, columns, lang)}</span>
              </span>
            </button>
          </div>
        )}
      </PagedList>
      <RegisterFiles list={list} />
    </>
  );
}

/** The list as files; what the seat may not read is masked there, too. */
function RegisterFiles({ list }: { list: List }) {
  const t = useText();
  const district = areaId(useApp((state) => state.view.work.district));
  const files = (["csv", "xlsx"] as const).map((format) => ({
    label: t(`export.${format}`),
    path: `/export/${REGISTER[list]}.${format}`,
    query: { area_id: district ?? undefined },
  }));
  return <Files title={t("rollout-panels.export")} files={files} />;
}
