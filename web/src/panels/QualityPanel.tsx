import "./arrivals.css";
import "./quality.css";
import { Button, Segmented } from "antd";
import { useState } from "react";
import type { QualityMark, QualityRule, QualityScore, QualityScores } from "../api/records";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { formatNumber, formatValue, type Lang } from "../units";
import { rateClass } from "./ArrivalFigures";
import { CompanyUploads } from "./CompanyUploads";
import { Figure } from "./Figure";
import { Panel } from "./Panel";
import { useMay } from "./permissions";
import { QualityAlarms } from "./QualityAlarms";
import { QualityChecks } from "./QualityChecks";
import { RemoteNote } from "./RemoteNote";
import { RuleEditor } from "./RuleEditor";
import { usePolled } from "./usePolled";

const EVERY_MS = 15_000;
const PARTS = ["overview", "alarms", "companies", "checks"] as const;
const GROUPS = ["company", "kind", "day"] as const;
const MOST_ASSETS = 50;
const MOST_REASONS = 3;
const DAYS_SHOWN = 14;
const DAY_MS = 86_400_000;

/** Scores with their reasons, rules with what they flag, flagged sources, and the flagged points of what is selected. */
export default function QualityPanel() {
  const t = useText();
  const { desk } = useParts();
  const work = useApp((state) => state.view.work);
  const part = PARTS.find((one) => one === work.part) ?? "overview";
  return (
    <Panel title={t("quality.title")} className="work-panel arrivals quality">
      <Segmented
        block
        size="small"
        aria-label={t("quality.part")}
        options={PARTS.map((value) => ({ value, label: t(`quality.part.${value}`) }))}
        value={part}
        onChange={(next) => desk.set({ part: next === "overview" ? null : next })}
      />
      {part === "alarms" && <QualityAlarms />}
      {part === "companies" && <CompanyUploads />}
      {part === "checks" && <QualityChecks />}
      {part === "overview" && (
        <>
          <Scores />
          <Flags />
          <Assets />
          <Rules />
        </>
      )}
    </Panel>
  );
}

function score(value: number | null, lang: Lang): string {
  return value === null ? "—" : formatNumber(value, value > 99 && value < 100 ? 2 : 1, lang);
}

// ---------------------------------------------------------------- scores

function Scores() {
  const t = useText();
  const { desk } = useParts();
  const work = useApp((state) => state.view.work);
  const by = GROUPS.find((one) => one === work.by) ?? "company";
  const from = by === "day" ? new Date(Date.now() - DAYS_SHOWN * DAY_MS).toISOString().slice(0, 10) : undefined;
  const found = usePolled(`quality ${by}`, EVERY_MS, () => desk.qualityScores({ by, from }));
  return (
    <>
      <RemoteNote remote={found} />
      {found.state === "ready" && <Head scores={found.value} />}
      <Segmented
        block
        size="small"
        aria-label={t("quality.by")}
        options={GROUPS.map((value) => ({ value, label: t(`quality.by.${value}`) }))}
        value={by}
        onChange={(next) => desk.set({ by: next === "company" ? null : next })}
      />
      {found.state === "ready" && found.value.items.length === 0 && <p className="empty">{t("quality.none")}</p>}
      {found.state === "ready" && (
        <ul className="rows arrival-rows" aria-label={t("quality.scores")}>
          {found.value.items.map((row) => (
            <li key={`${row.key} ${row.day}`} className={`row${String(row.key) === work.company ? " chosen" : ""}`}>
              <button
                type="button"
                className="row-main"
                disabled={by !== "company" || row.key === null}
                onClick={() => desk.set({ company: String(row.key) === work.company ? null : String(row.key) })}
              >
                <ScoreLine row={row} />
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Head({ scores }: { scores: QualityScores }) {
  const t = useText();
  const { desk } = useParts();
  const lang = useApp((state) => state.view.lang);
  const flagged = usePolled("quality flagged", EVERY_MS, () => desk.flaggedSources({ limit: 1 }));
  return (
    <dl className="figures arrival-head">
      <Figure label={t("quality.score")} value={score(scores.total.score, lang)} />
      <Figure label={t("quality.checked")} value={formatNumber(scores.total.checked, 0, lang)} />
      <Figure
        label={t("quality.flagged")}
        value={flagged.state === "ready" ? formatNumber(flagged.value.total, 0, lang) : "—"}
      />
    </dl>
  );
}

function ScoreLine({ row }: { row: QualityScore }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const costs = row.reasons.slice(0, MOST_REASONS).map((reason) =>
    t("quality.cost", {
      rule: lang === "zh" ? reason.name_zh : reason.name_en || reason.rule,
      points: formatNumber(reason.points, 2, lang),
    }),
  );
  return (
    <span className="row-text covered">
      <strong>{row.name}</strong>
      <b>{score(row.score, lang)}</b>
      <i className={`bar plain ${rateClass(row.score === null ? null : row.score / 100)}`} aria-hidden="true">
        <i style={{ width: `${row.score ?? 0}%` }} />
      </i>
      <span className="row-detail">{costs.join(" · ")}</span>
    </span>
  );
}

// ---------------------------------------------------------------- what is selected

function Flags() {
  const t = useText();
  const { desk } = useParts();
  const selected = useApp((state) => state.view.selected);
  if (selected === null) return <p className="note">{t("quality.choose")}</p>;
  return <FlagsOf key={selected} asset={selected} ask={() => desk.qualityFlags(selected)} />;
}

function FlagsOf({
  asset,
  ask,
}: {
  asset: number;
  ask: () => ReturnType<ReturnType<typeof useParts>["desk"]["qualityFlags"]>;
}) {
  const t = useText();
  const found = usePolled(`quality flags ${asset}`, EVERY_MS, ask);
  if (found.state !== "ready") return null; // what is selected may have no source
  return (
    <section aria-label={t("quality.flags")}>
      <h3>{t("quality.flags")}</h3>
      {found.value.flags.length === 0 && <p className="empty">{t("quality.clean")}</p>}
      <ul className="rows quality-flags">
        {found.value.flags.map((mark) => (
          <li key={`${mark.source} ${mark.point} ${mark.rule}`} className="row">
            <FlagRow mark={mark} />
            <AskForCheck mark={mark} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** One flagged value; a click shows its curve. */
function FlagRow({ mark }: { mark: QualityMark }) {
  const t = useText();
  const { desk } = useParts();
  const lang = useApp((state) => state.view.lang);
  return (
    <button type="button" className="row-main" onClick={() => desk.set({ point: mark.point })}>
      <span className="row-text">
        <strong>
          {mark.point.replaceAll("_", " ")} <em>{t(mark.flag === 3 ? "quality.suspect" : "quality.fail")}</em>
        </strong>
        <span className="row-detail">
          {formatValue(mark.value, mark.unit, lang)} · {lang === "zh" ? mark.why_zh : mark.why_en}
        </span>
      </span>
    </button>
  );
}

/** Puts a flagged value into the queue of checks by hand. */
function AskForCheck({ mark }: { mark: QualityMark }) {
  const t = useText();
  const { desk } = useParts();
  const may = useMay("judge_quality");
  const [told, setTold] = useState<string | null>(null);
  if (!may) return null;
  const { asset_id, source, point, observed_at } = mark;
  const body = { asset_id, source, point, observed_at, note: mark.why_zh };
  return told === null ? (
    <Button
      size="small"
      type="link"
      onClick={() =>
        void desk.doubt(body).then(
          () => setTold(t("quality.check.made")),
          (error: Error) => setTold(error.message),
        )
      }
    >
      {t("quality.check.ask")}
    </Button>
  ) : (
    <span className="note" role="status">
      {told}
    </span>
  );
}

// ---------------------------------------------------------------- flagged sources

function Assets() {
  const t = useText();
  const { desk, controller } = useParts();
  const work = useApp((state) => state.view.work);
  const lang = useApp((state) => state.view.lang);
  const filter = { rule: work.rule, company_id: work.company, limit: MOST_ASSETS };
  const found = usePolled(`quality assets ${JSON.stringify(filter)}`, EVERY_MS, () => desk.flaggedSources(filter));
  return (
    <section aria-label={t("quality.assets")}>
      <h3>{t("quality.assets")}</h3>
      {(work.rule !== undefined || work.company !== undefined) && (
        <button type="button" className="link" onClick={() => desk.set({ rule: null, company: null })}>
          {t("quality.only", { name: [work.rule, work.company].filter(Boolean).join(", ") })} ✕
        </button>
      )}
      <RemoteNote remote={found} />
      {found.state === "ready" && (
        <>
          {found.value.total === 0 && <p className="empty">{t("quality.clean")}</p>}
          <ul className="rows quality-assets">
            {found.value.items.map((item) => (
              <li key={item.source} className="row">
                <button type="button" className="row-main" onClick={() => void controller.visitAsset(item.asset_id)}>
                  <span className="row-text covered">
                    <strong>{item.name}</strong>
                    <b>{score(item.score, lang)}</b>
                    <span className="row-detail">{t("quality.flaggedValues", { count: item.flagged })}</span>
                  </span>
                </button>
              </li>
            ))}
          </ul>
          {found.value.total > found.value.items.length && (
            <p className="note">{t("quality.more", { total: found.value.total, shown: found.value.items.length })}</p>
          )}
        </>
      )}
    </section>
  );
}

// ---------------------------------------------------------------- rules

function Rules() {
  const t = useText();
  const { desk } = useParts();
  const work = useApp((state) => state.view.work);
  const revision = useApp((state) => state.archiveRevision);
  const mayWrite = useMay("set_quality_rules");
  const [edited, setEdited] = useState<QualityRule | "new" | null>(null);
  const found = usePolled(`quality rules ${revision}`, EVERY_MS, () => desk.qualityRules());
  const rules = found.state === "ready" ? [...found.value.rules].sort((a, b) => b.values - a.values) : [];
  return (
    <section aria-label={t("quality.rules")}>
      <h3>
        {t("quality.rules")}
        {mayWrite && (
          <button type="button" className="link" onClick={() => setEdited("new")}>
            {t("quality.edit.new")}
          </button>
        )}
      </h3>
      <RemoteNote remote={found} />
      {edited !== null && (
        <RuleEditor
          key={edited === "new" ? "" : edited.code}
          rule={edited === "new" ? null : edited}
          onDone={() => setEdited(null)}
        />
      )}
      <ul className="rows quality-rules">
        {rules.map((rule) => (
          <li key={rule.code} className={`row${rule.code === work.rule ? " chosen" : ""}`}>
            <button
              type="button"
              className="row-main"
              onClick={() => desk.set({ rule: rule.code === work.rule ? null : rule.code })}
            >
              <RuleLine rule={rule} />
            </button>
            {mayWrite && (
              <button
                type="button"
                className="link edit-rule"
                aria-label={t("quality.edit.of", { name: rule.name_zh })}
                onClick={() => setEdited(rule)}
              >
                {t("quality.edit")}
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function RuleLine({ rule }: { rule: QualityRule }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const now = {
    values: formatNumber(rule.values, 0, lang),
    sources: formatNumber(rule.sources, 0, lang),
  };
  return (
    <span className="row-text">
      <strong>
        {lang === "zh" || rule.name_en === "" ? rule.name_zh : rule.name_en}{" "}
        <em>{t(rule.severity === 4 ? "quality.fail" : "quality.suspect")}</em>
      </strong>
      <span className="row-detail">
        {rule.enabled ? t("quality.now", now) : t("quality.off")}
        {rule.judged > 0 &&
          ` · ${t("quality.falseFlags", { share: formatNumber((100 * rule.false_flags) / rule.judged, 0, lang), judged: rule.judged })}`}
      </span>
    </span>
  );
}
