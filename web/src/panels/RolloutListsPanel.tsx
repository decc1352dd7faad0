import "./rollout.css";
import { Input, Segmented, Select } from "antd";
import { useState } from "react";
import type { ProjectPage } from "../api/rolloutFigures";
import type { Answer, Project } from "../api/shapes";
import { useText } from "../i18n/hooks";
import type { Translate } from "../i18n/text";
import { PROJECT_KINDS, PROJECT_STAGES } from "../layers/rolloutProjects";
import { currentCity } from "../state/app";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import { formatArea, formatShare, type Lang, MISSING } from "../units";
import { Files } from "./LayerExport";
import { PagedList } from "./PagedList";
import { Panel } from "./Panel";
import { areaId, cellText, codeText } from "./rollout";
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
  const zone = useApp((state) => currentCity(state)?.zone ?? "UTC");
  const asset = areaId(useApp((state) => state.view.work.district));
  const [search, setSearch] = useState("");
  const parts: Known = {
    types: (arrived(useShares(0, "type")) ?? []).map(({ key }) => key).filter((key) => key !== ""),
    years: arrived(useFigures({ area: 0 }))?.years ?? [],
  };
  const [columns, setColumns] = useState<Rows["columns"]>([]);
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const register = REGISTER[list];
  const where = Object.entries(values).map(([name, value]) => `${name}:${value}`);
  const filter = { asset, q: search === "" ? null : search, where };
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
        {FILTERS[list].map((name) => (
          <Choice
            key={name}
            label={labelOf(columns, name, lang)}
            value={values[name]}
            onChange={(next) =>
              setValues(({ [name]: _, ...rest }) => (next === undefined ? rest : { ...rest, [name]: next }))
            }
          >
            {choicesOf(columns, name, parts, lang, t)}
          </Choice>
        ))}
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
                <span className="row-detail">{cellText(list, row.attributes, columns, lang, zone)}</span>
              </span>
            </button>
          </div>
        )}
      </PagedList>
      <RegisterFiles list={list} where={where} />
    </>
  );
}

/** What a list can be filtered by: attributes of its register. */
const FILTERS = {
  households: ["energy_type", "retrofit_type", "installed_year", "install_state", "household_group", "insulated"],
  tickets: ["ticket_kind", "fault_kind", "urgency"],
} as const;

function labelOf(columns: Rows["columns"], name: string, lang: Lang): string {
  const column = columns.find((one) => one.name === name);
  return lang === "zh" ? (column?.label_zh ?? name) : name.replaceAll("_", " ");
}

interface Known {
  types: readonly string[];
  years: readonly number[];
}

/** Values of an attribute: the codes of the register, yes and no, or what the figures know of. */
function choicesOf(columns: Rows["columns"], name: string, known: Known, lang: Lang, t: Translate) {
  const column = columns.find((one) => one.name === name);
  if (column?.type === "boolean")
    return ["true", "false"].map((value) => ({
      value,
      label: t(value === "true" ? "rollout-lists.yes" : "rollout-lists.no"),
    }));
  if (name === "retrofit_type") return known.types.map((value) => ({ value, label: value }));
  if (name === "installed_year") return known.years.map((year) => ({ value: String(year), label: String(year) }));
  return Object.entries(column?.codes ?? {}).map(([value, meaning]) => ({ value, label: codeText(meaning, lang) }));
}

/** The list as files; what the seat may not read is masked there, too. */
function RegisterFiles({ list, where = [] }: { list: List; where?: readonly string[] }) {
  const t = useText();
  const district = areaId(useApp((state) => state.view.work.district));
  const files = (["csv", "xlsx"] as const).map((format) => ({
    label: t(`export.${format}`),
    path: `/export/${REGISTER[list]}.${format}`,
    query: { area_id: district ?? undefined, where },
  }));
  return <Files title={t("rollout-panels.export")} files={files} />;
}
