import { useText } from "../i18n/hooks";
import { ROWS } from "../layers/rolloutThemes";
import type { Hover, Hovered } from "../map/heatMap";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import { rolloutChoice } from "../state/rolloutMap";
import { formatArea, formatShare } from "../units";
import { useProjectWords } from "./ProjectCard";
import { attributeText, knownValue } from "./themes";
import { useAnswer } from "./useAnswer";

/** What stands under the pointer: a district with its rate, an area of the chosen theme, a project. */
export function HoverCard({ hover }: { hover: Hover }) {
  const { found } = hover;
  return (
    <div className="hover-card" style={{ left: hover.x + 14, top: hover.y + 14 }}>
      {found.of === "district" && <District district={found.district} />}
      {found.of === "area" && <Area area={found} />}
      {found.of === "project" && <Project id={found.id} />}
      {found.of === "company" && <Company id={found.id} />}
    </div>
  );
}

function District({ district }: Pick<Extract<Hovered, { of: "district" }>, "district">) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  return (
    <>
      <strong>{district.name}</strong>
      <span>
        {t("rollout.rate")} <b>{formatShare(district.rate, lang)}</b>
      </span>
      <span>
        {t("rollout.target")} {formatShare(district.target_rate, lang)}
      </span>
      <span>
        {t("rollout.heated")} {formatArea(district.heated_area_m2, lang)}
      </span>
      <span>
        {t("rollout.clean")} {formatArea(district.clean_area_m2, lang)}
      </span>
    </>
  );
}

function Area({ area }: { area: Extract<Hovered, { of: "area" }> }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const work = useApp((state) => state.view.work);
  const { values, live } = useApp((state) => state.rolloutMap);
  const codes = useApp((state) => arrived(state.tilesets)?.rollout?.vector_layers[0]?.codes);
  const { theme, year } = rolloutChoice(work);
  const { id, properties } = area;
  const kind = codes?.kind?.[String(properties.kind)] as "district" | "zone" | "township" | "village" | undefined;
  const outline = codes?.outline?.[String(properties.outline)];
  return (
    <>
      <strong>{String(properties.name ?? "")}</strong>
      <small>
        {kind !== undefined && t(`rollout-map.kind.${kind}`)}
        {outline === "households" && ` · ${t("rollout-map.outline.households")}`}
        {outline === "none" && ` · ${t("rollout-map.outline.none")}`}
      </small>
      {ROWS[theme].map((row) => (
        <span key={row}>
          {t(`rollout-map.row.${row}` as "rollout-map.row.type")}{" "}
          <b>{attributeText(row, knownValue(row, { id, properties, year, values, live }), lang, t)}</b>
        </span>
      ))}
    </>
  );
}

function Project({ id }: { id: number }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const words = useProjectWords();
  const project = useApp((state) => state.rolloutMap.projects?.features.find((one) => one.id === id)?.properties);
  if (project === undefined) return null;
  return (
    <>
      <strong>{project.name}</strong>
      <small>
        {words.kind(project)} · {project.area_name ?? ""}
      </small>
      <span>
        {words.stage(project)} · {project.technical_type ?? ""}
      </span>
      <span>
        {t("rollout-map.scale")} {project.scale_m2 === null ? "—" : formatArea(project.scale_m2, lang)}
      </span>
      <span>
        {t("rollout-map.completion")} <b>{formatShare(project.completion, lang)}</b>
      </span>
    </>
  );
}

const MOST_COMPANIES = 500;

/** A company with what it heats, and its share of what all companies heat. */
function Company({ id }: { id: number }) {
  const t = useText();
  const { desk } = useParts();
  const lang = useApp((state) => state.view.lang);
  const found = useAnswer("companies and what they heat", () =>
    desk.coverage({ of_kind: "company", limit: MOST_COMPANIES }),
  );
  if (found.state !== "ready") return <span>{t("app.loading")}</span>;
  const { items } = found.value;
  const company = items.find(({ asset_id }) => asset_id === id);
  if (company === undefined) return <span>{t("rollout-map.unknown")}</span>;
  const whole = items.reduce((sum, { heated_area_m2 }) => sum + heated_area_m2, 0);
  return (
    <>
      <strong>{company.name || company.code}</strong>
      <span>
        {t("rollout.heated")} <b>{formatArea(company.heated_area_m2, lang)}</b>
      </span>
      <span>
        {t("rollout-map.marketShare")} <b>{formatShare(whole > 0 ? company.heated_area_m2 / whole : null, lang)}</b>
      </span>
    </>
  );
}
