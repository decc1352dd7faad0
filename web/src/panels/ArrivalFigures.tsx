import "./arrivals.css";
import type { ArrivalRow, Arrivals } from "../api/records";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import type { Remote } from "../state/remote";
import { formatNumber, formatShare, type Lang } from "../units";
import { Figure } from "./Figure";
import { Panel } from "./Panel";
import { RemoteNote } from "./RemoteNote";
import { usePolled } from "./usePolled";

export const ARRIVALS_EVERY_MS = 30_000;
/** Below these rates a bar takes another colour; red stays with alarms. */
const POOR = 0.8;
const FAIR = 0.95;

export function useArrivals(by: string): Remote<Arrivals> {
  const { desk } = useParts();
  return usePolled(`arrivals ${by}`, ARRIVALS_EVERY_MS, () => desk.arrivals({ by }));
}

/** `2.4 s`, `3 min`: how late frames come. */
export function formatDelay(seconds: number | null, lang: Lang): string {
  if (seconds === null) return "—";
  const size = Math.abs(seconds);
  const [divisor, unit] =
    size < 120
      ? [1, lang === "zh" ? "秒" : "s"]
      : size < 7200
        ? [60, lang === "zh" ? "分" : "min"]
        : [3600, lang === "zh" ? "小时" : "h"];
  return `${formatNumber(seconds / (divisor as number), size < 10 ? 1 : 0, lang)} ${unit}`;
}

/** The six head figures of a time. */
export function ArrivalHead({ arrivals }: { arrivals: Arrivals }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const { total } = arrivals;
  const number = (value: number) => formatNumber(value, 0, lang);
  return (
    <dl className="figures arrival-head">
      <Figure label={t("arrivals.rate")} value={formatShare(total.arrival_rate, lang)} />
      <Figure label={t("arrivals.inTime")} value={formatShare(total.in_time_rate, lang)} />
      <Figure label={t("arrivals.good")} value={formatShare(total.good_rate, lang)} />
      <Figure label={t("arrivals.silent")} value={number(total.silent + total.never)} />
      <Figure label={t("arrivals.unregistered")} value={number(arrivals.unregistered)} />
      <Figure label={t("arrivals.refused")} value={number(arrivals.refused)} />
    </dl>
  );
}

export function rateClass(rate: number | null): string {
  if (rate === null) return "none";
  return rate < POOR ? "poor" : rate < FAIR ? "fair" : "well";
}

interface ArrivalTableProps {
  arrivals: Arrivals;
  most?: number;
  chosen?: number | string | null;
  onChoose?(row: ArrivalRow): void;
}

/** One line a company (or kind, district) with its arrival rate as a bar, the lowest first. */
export function ArrivalTable({ arrivals, most = 200, chosen = null, onChoose }: ArrivalTableProps) {
  const t = useText();
  return (
    <ul className="rows arrival-rows" aria-label={t("arrivals.title")}>
      {arrivals.items.slice(0, most).map((row) => (
        <li key={String(row.key)} className={`row${row.key !== null && row.key === chosen ? " chosen" : ""}`}>
          <button
            type="button"
            className="row-main"
            disabled={onChoose === undefined || row.key === null}
            onClick={() => onChoose?.(row)}
          >
            <ArrivalLine row={row} by={arrivals.by} />
          </button>
        </li>
      ))}
    </ul>
  );
}

function ArrivalLine({ row, by }: { row: ArrivalRow; by: Arrivals["by"] }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const nobody = t(by === "district" ? "arrivals.noDistrict" : "arrivals.noCompany");
  return (
    <span className="row-text covered">
      <strong>{row.key === null ? nobody : row.name}</strong>
      <b>{formatShare(row.arrival_rate, lang)}</b>
      <i className={`bar plain ${rateClass(row.arrival_rate)}`} aria-hidden="true">
        <i style={{ width: `${(row.arrival_rate ?? 0) * 100}%` }} />
      </i>
      <span className="row-detail">
        {t("arrivals.row", {
          sources: formatNumber(row.sources, 0, lang),
          inTime: formatShare(row.in_time_rate, lang),
          good: formatShare(row.good_rate, lang),
        })}
        {row.silent + row.never > 0 && (
          <em>
            {" · "}
            {t("arrivals.rowSilent", {
              silent: formatNumber(row.silent, 0, lang),
              never: formatNumber(row.never, 0, lang),
            })}
          </em>
        )}
      </span>
    </span>
  );
}

/** Head figures and the worst companies: for a wall, and for a phone. */
export function ArrivalsBrief({ most }: { most: number }) {
  const t = useText();
  const found = useArrivals("company");
  return (
    <Panel title={t("arrivals.title")} className="arrivals brief">
      <RemoteNote remote={found} />
      {found.state === "ready" && (
        <>
          <ArrivalHead arrivals={found.value} />
          {most > 0 && <ArrivalTable arrivals={found.value} most={most} />}
        </>
      )}
    </Panel>
  );
}
