import "./rollout.css";
import { lazy, Suspense } from "react";
import type { AreaItem, ProjectPage } from "../api/rolloutFigures";
import type { Answer } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import { formatArea, formatNumber, formatShare, MISSING } from "../units";
import { Files } from "./LayerExport";
import { Panel } from "./Panel";
import { RemoteNote } from "./RemoteNote";
import { exportFiles, type FigureGroup, FigureGroups } from "./RolloutOverviewPanel";
import { RankedAreas } from "./RolloutRankingsPanel";
import { Courses, YearTargets } from "./RolloutTargetsPanel";
import { areaId, INSIDE, INSTALLATION, monthCourse } from "./rollout";
import { courseOption } from "./rolloutCharts";
import { useAnswer } from "./useAnswer";
import { oneOf, useAreaVisit, useFigures, useLook } from "./useRollout";

const RolloutChart = lazy(() => import("./RolloutChart"));
const GROUPS: readonly FigureGroup[] = ["households", "rate", "devices", "service", "projects", "money", "benefits"];
/** Figures of projects and money are told by districts; villages have none. */
const VILLAGE_GROUPS: readonly FigureGroup[] = ["households", "devices", "service"];
const MOST_PROJECTS = 6;
const MOST_UNITS = 30;
type Rows = Answer<"/registers/{register}", "get">;

/** Everything about one area: the city, a district, a township, a village; it leads to those inside and those around. */
export default function RolloutAreaPanel() {
  const t = useText();
  const place = useApp((state) => areaId(state.view.work.place) ?? 0);
  const chain = useChain(place);
  const area = arrived(chain)?.at(-1) ?? null;
  return (
    <Panel title={area === null ? t("rollout-area.title") : area.name} className="work-panel rollout-panel">
      <RemoteNote remote={chain} />
      {chain.state === "ready" && area === null && <p className="empty">{t("rollout-area.unknown")}</p>}
      {area !== null && <Page key={area.area_id} area={area} chain={arrived(chain) ?? []} />}
    </Panel>
  );
}

/** An area and those around it, the largest first. */
function useChain(area: number) {
  const { planning } = useParts();
  return useAnswer(`rollout chain ${area}`, async () => {
    const chain: AreaItem[] = [];
    let next: number | null = area;
    while (next !== null && chain.length < 5) {
      const answer: { items: AreaItem[] } = await planning.get("/rollout/areas", { area: next });
      const [found] = answer.items;
      if (found === undefined) break;
      chain.unshift(found);
      next = found.parent_id;
    }
    return chain;
  });
}

function Page({ area, chain }: { area: AreaItem; chain: readonly AreaItem[] }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const { desk } = useParts();
  const visit = useAreaVisit();
  const found = useFigures({ area: area.area_id });
  const inside = INSIDE[area.kind] ?? null;
  const figures = oneOf(found)?.figures;
  return (
    <>
      <nav className="crumbs" aria-label={t("rollout-area.around")}>
        {chain.slice(0, -1).map((one) => (
          <button key={one.area_id} type="button" className="more" onClick={() => visit(one.area_id)}>
            {one.name} ›
          </button>
        ))}
        <span>{t(`rollout-map.kind.${area.kind}`)}</span>
        <button
          type="button"
          className="more"
          onClick={() => desk.openRollout({ place: area.area_id === 0 ? null : String(area.area_id) })}
        >
          {t("work.rollout-map")}
        </button>
      </nav>
      <p className="note">
        {area.code !== "" && `${t("rollout-area.code", { code: area.code })} · `}
        {t(`rollout-area.outline.${area.outline}`)}
      </p>
      <RemoteNote remote={found} />
      {figures !== undefined && (
        <FigureGroups figures={figures} groups={area.kind === "village" ? VILLAGE_GROUPS : GROUPS} />
      )}
      {inside !== null && (
        <>
          <h3>{t(`rollout-area.inside.${inside}`)}</h3>
          <RankedAreas by={INSTALLATION} kind={inside} parent={area.area_id} />
        </>
      )}
      {area.area_id !== 0 && <Units area={area.area_id} />}
      <YearTargets area={area.area_id} />
      {area.area_id !== 0 && area.kind !== "village" && <Months area={area.area_id} />}
      {area.kind !== "village" && <Projects area={area.area_id} />}
      <Lists area={area} />
      <Files title={t("rollout-panels.export")} files={exportFiles(t, lang, { area: area.area_id })} />
      {inside !== null && (
        <Files
          title={t(`rollout-area.inside.${inside}`)}
          files={exportFiles(t, lang, { kind: inside, parent: area.area_id })}
        />
      )}
    </>
  );
}

/** Who is responsible, of three levels, and who builds; persons and phones only as far as the seat may read them. */
function Units({ area }: { area: number }) {
  const t = useText();
  const { planning } = useParts();
  const found = useAnswer(`rollout units ${area}`, () =>
    planning.get<Rows>("/registers/responsible_unit", { asset: area, limit: MOST_UNITS }),
  );
  const rows = arrived(found);
  const text = (row: Rows["items"][number], name: string) => {
    const value = row.attributes[name];
    if (value === null || value === undefined) return "";
    const meaning = rows?.columns.find((column) => column.name === name)?.codes[String(value)];
    return meaning?.split(" ")[0] ?? String(value);
  };
  return (
    <>
      <h3>{t("rollout-area.units")}</h3>
      <RemoteNote remote={found} />
      {rows?.total === 0 && <p className="empty">{t("rollout-area.noUnits")}</p>}
      {rows?.items.some(({ masked }) => masked) && <p className="note">{t("register.masked")}</p>}
      <ul className="rows" aria-label={t("rollout-area.units")}>
        {rows?.items.map((row) => (
          <li key={row.row_id} className="row">
            <span className="row-text">
              <strong>{text(row, "unit") || row.name}</strong>
              <span className="row-detail">
                {[text(row, "unit_level"), text(row, "unit_role"), text(row, "person"), text(row, "phone")]
                  .filter((one) => one !== "")
                  .join(" · ")}
              </span>
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

/** The clean-heating rate month by month, from the reports that the area itself sent. */
function Months({ area }: { area: number }) {
  const t = useText();
  const look = useLook(false);
  const { planning } = useParts();
  const found = useAnswer(`rollout months ${area}`, () =>
    planning.get<Rows>("/registers/rollout_report", { asset: area, limit: 1000 }),
  );
  const rows = (arrived(found)?.items ?? []).filter((row) => row.asset_id === area);
  const points = monthCourse(rows.map(({ attributes }) => attributes));
  const names = { target: t("rollout-targets.target"), present: t("rollout-targets.present") };
  return (
    <>
      <h3>{t("rollout-area.months")}</h3>
      <RemoteNote remote={found} />
      {found.state === "ready" && points.length === 0 && <p className="empty">{t("rollout-panels.noReports")}</p>}
      {points.length > 0 && (
        <>
          <Suspense fallback={null}>
            <RolloutChart
              option={courseOption(points, names, true, look)}
              label={t("rollout-area.months")}
              heightPx={150}
            />
          </Suspense>
          <Courses points={points.slice(-6)} share label={t("rollout-area.months")} rows={["present"]} />
        </>
      )}
    </>
  );
}

function Projects({ area }: { area: number }) {
  const t = useText();
  const { desk, planning } = useParts();
  const lang = useApp((state) => state.view.lang);
  const found = useAnswer(`rollout projects ${area}`, () =>
    planning.get<ProjectPage>("/rollout/projects", { area: area === 0 ? null : area, limit: MOST_PROJECTS }),
  );
  const page = arrived(found);
  return (
    <>
      <h3>
        {t("rollout-map.projects")} {page === null ? "" : formatNumber(page.total, 0, lang)}
      </h3>
      <RemoteNote remote={found} />
      <ul className="rows" aria-label={t("rollout-map.projects")}>
        {page?.items.map((project) => (
          <li key={project.row_id} className="row">
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
          </li>
        ))}
      </ul>
    </>
  );
}

/** Ways to the rows behind the figures. */
function Lists({ area }: { area: AreaItem }) {
  const t = useText();
  const { desk } = useParts();
  const lists =
    area.kind === "village" ? (["households", "tickets"] as const) : (["projects", "households", "tickets"] as const);
  if (area.kind === "township") return null;
  return (
    <p className="exports">
      {lists.map((list) => (
        <button
          key={list}
          type="button"
          className="more"
          onClick={() => {
            desk.open("rollout-lists");
            desk.set({ list, technical: null, district: area.area_id === 0 ? null : String(area.area_id) });
          }}
        >
          {t(`rollout-lists.${list}`)}
        </button>
      ))}
    </p>
  );
}
