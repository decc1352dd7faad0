import type { QualityCompany } from "../api/records";
import { useText } from "../i18n/hooks";
import { currentCity } from "../state/app";
import { useApp, useParts } from "../state/context";
import { formatNumber, formatTime } from "../units";
import { RemoteNote } from "./RemoteNote";
import { usePolled } from "./usePolled";

const EVERY_MS = 15_000;

/** Which companies have stopped uploading or send invalid data, since when, and what is asked of them. */
export function CompanyUploads() {
  const t = useText();
  const { desk } = useParts();
  const revision = useApp((state) => state.archiveRevision);
  const found = usePolled(`quality companies ${revision}`, EVERY_MS, () => desk.qualityCompanies());
  return (
    <>
      <RemoteNote remote={found} />
      <ul className="rows quality-companies" aria-label={t("quality.companies")}>
        {found.state === "ready" &&
          found.value.items.map((company) => (
            <li key={company.company_id ?? 0} className="row">
              <button
                type="button"
                className="row-main"
                disabled={company.company_id === null}
                onClick={() => desk.set({ part: null, company: String(company.company_id) })}
              >
                <CompanyLine company={company} />
              </button>
            </li>
          ))}
      </ul>
    </>
  );
}

function CompanyLine({ company }: { company: QualityCompany }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "UTC");
  const last = company.last_received_at;
  const number = (value: number) => formatNumber(value, 0, lang);
  const details = [
    t("quality.company.silent", { silent: number(company.silent), sources: number(company.sources) }),
    company.failed > 0 ? t("quality.company.failed", { failed: number(company.failed) }) : "",
    company.score === null ? "" : t("quality.company.score", { score: formatNumber(company.score, 1, lang) }),
    lang === "zh" ? company.reason_zh : company.reason_en,
  ];
  const asked = [
    last === null ? t("quality.company.never") : t("quality.company.last", { time: formatTime(last, zone, lang) }),
    company.unfinished_checks > 0
      ? t("quality.company.checks", {
          unfinished: number(company.unfinished_checks),
          waiting: number(company.waiting_checks),
        })
      : "",
  ];
  return (
    <span className="row-text">
      <strong>
        {company.name} <em className={company.state}>{t(`quality.company.${company.state}`)}</em>
      </strong>
      <span className="row-detail">{details.filter(Boolean).join(" · ")}</span>
      <span className="row-detail">{asked.filter(Boolean).join(" · ")}</span>
    </span>
  );
}
