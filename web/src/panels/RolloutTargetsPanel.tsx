import "./rollout.css";
import { lazy, Suspense } from "react";
import type { AreaFigures, Part } from "../api/rolloutFigures";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import { formatNumber, formatShare, MISSING } from "../units";
import { Panel } from "./Panel";
import { RemoteNote } from "./RemoteNote";
import { areaId, doneShare } from "./rollout";
import { courseOption, type Point, radarOption } from "./rolloutCharts";
import { useAnswer } from "./useAnswer";
import { useFigures, useLook, useShares } from "./useRollout";

const RolloutChart = lazy(() => import("./RolloutChart"));
const COURSE_PX = 170;
const RADAR_PX = 260;

/** What was to be reached against what is, by year and by type of project. */
export default function RolloutTargetsPanel() {
  const t = useText();
  const place = useApp((state) => areaId(state.view.work.place) ?? 0);
  return (
    <Panel title={t("rollout-targets.title")} className="work-panel rollout-panel">
      <YearTargets area={place} />
      <ProjectRadar area={place} />
    </Panel>
  );
}

/** Households and clean-heating rate at the end of each year, and now, against the target of that year. */
export function YearTargets({ area, wall = false }: { area: number; wall?: boolean }) {
  const t = useText();
  const look = useLook(wall);
  const { planning } = useParts();
  const now = useFigures({ area });
  const years = arrived(now)?.years.join() ?? null;
  const found = useAnswer(years === null ? null : `rollout years ${area} ${years}`, () =>
    Promise.all(
      (arrived(now)?.years ?? []).map(async (year) => {
        const answer = await planning.get<{ items: AreaFigures[] }>("/rollout/figures", { area, year });
        return { year, figures: answer.items[0]?.figures ?? {} };
      }),
    ),
  );
  if (found.state !== "ready" || now.state !== "ready") return <RemoteNote remote={now} />;
  const figures = now.value.items[0]?.figures;
  if (figures === undefined) return <p className="empty">{t("rollout-panels.notSeen")}</p>;
  const all = [
    ...found.value.map((one) => ({ label: String(one.year), figures: one.figures })),
    { label: t("rollout-map.now"), figures },
  ];
  const points = (target: string, present: string): Point[] =>
    all.map((one) => ({
      label: one.label,
      target: one.figures[target] ?? null,
      present: one.figures[present] ?? null,
    }));
  const names = { target: t("rollout-targets.target"), present: t("rollout-targets.present") };
  const households = points("target_household_count", "finished_count");
  const rates = points("target_rate", "clean_heating_rate");
  return (
    <>
      <h3>{t("rollout-targets.households")}</h3>
      <Suspense fallback={null}>
        <RolloutChart
          option={courseOption(households, names, false, look)}
          label={t("rollout-targets.households")}
          heightPx={wall ? 200 : COURSE_PX}
        />
      </Suspense>
      {!wall && <Courses points={households} share={false} label={t("rollout-targets.households")} />}
      <h3>{t("rollout-targets.rate")}</h3>
      {rates.every((one) => one.present === null && one.target === null) ? (
        <p className="empty">{t("rollout-panels.noReports")}</p>
      ) : (
        <>
          <Suspense fallback={null}>
            <RolloutChart
              option={courseOption(rates, names, true, look)}
              label={t("rollout-targets.rate")}
              heightPx={wall ? 200 : COURSE_PX}
            />
          </Suspense>
          {!wall && <Courses points={rates} share label={t("rollout-targets.rate")} />}
        </>
      )}
    </>
  );
}

interface CoursesProps {
  points: readonly Point[];
  share: boolean;
  label: string;
  rows?: readonly ("target" | "present")[];
}

/** The values of a course as a table, for those who read no chart. */
export function Courses({ points, share, label, rows = ["target", "present"] }: CoursesProps) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const text = (value: number | null) =>
    value === null ? t("rollout-panels.none") : share ? formatShare(value, lang) : formatNumber(value, 0, lang);
  return (
    <table className="lengths rollout-table" aria-label={label}>
      <thead>
        <tr>
          <th scope="col" />
          {points.map((point) => (
            <th key={point.label} scope="col" className="amount">
              {point.label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row}>
            <th scope="row">{t(`rollout-targets.${row}`)}</th>
            {points.map((point) => (
              <td key={point.label} className="amount">
                {text(point[row])}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** How far each technical type of project has come: a radar and, below, the types; one opens its projects. */
export function ProjectRadar({ area, wall = false }: { area: number; wall?: boolean }) {
  const t = useText();
  const look = useLook(wall);
  const found = useShares(area, "technical_type");
  const parts = arrived(found) ?? [];
  return (
    <>
      {!wall && <h3>{t("rollout-targets.radar")}</h3>}
      <RemoteNote remote={found} />
      {found.state === "ready" && parts.length === 0 && <p className="empty">{t("rollout-panels.noProjects")}</p>}
      {parts.length > 0 && (
        <>
          <Suspense fallback={null}>
            <RolloutChart
              option={radarOption(
                parts,
                { target: t("rollout-targets.target"), done: t("rollout-targets.done") },
                look,
              )}
              label={t("rollout-targets.radar")}
              heightPx={wall ? 330 : RADAR_PX}
            />
          </Suspense>
          {!wall && <ProjectTypes parts={parts} area={area} />}
        </>
      )}
    </>
  );
}

function ProjectTypes({ parts, area }: { parts: readonly Part[]; area: number }) {
  const t = useText();
  const { desk } = useParts();
  const lang = useApp((state) => state.view.lang);
  return (
    <ul className="rows" aria-label={t("rollout-targets.radar")}>
      {parts.map((part) => {
        const done = doneShare(part);
        return (
          <li key={part.key} className="row">
            <button
              type="button"
              className="row-main"
              onClick={() => {
                desk.open("rollout-lists");
                desk.set({ list: "projects", technical: part.key, district: area === 0 ? null : String(area) });
              }}
            >
              <span className="row-text">
                <strong>{part.key}</strong>
                <span className="row-detail">
                  {t("rollout-targets.projects", { count: formatNumber(part.row_count, 0, lang) })} ·{" "}
                  {t("rollout-targets.done")} {done === null ? MISSING : formatShare(done, lang)}
                </span>
              </span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
