import type { ArrivingSource, ReadingConflict, UnregisteredSource } from "../api/records";
import { useText } from "../i18n/hooks";
import type { TextKey } from "../i18n/zh";
import { currentCity } from "../state/app";
import { useApp, useParts } from "../state/context";
import { formatAge, formatNumber, formatTime, formatValue } from "../units";
import { ARRIVALS_EVERY_MS, formatDelay } from "./ArrivalFigures";
import { PagedList } from "./PagedList";
import { RemoteNote } from "./RemoteNote";
import { useNow } from "./time";
import { usePolled } from "./usePolled";

const ROW_PX = 62;
const CONFLICT_PX = 84;
export const SOURCE_LISTS = ["silent", "never", "late", "incomplete", "skewed"] as const;
export const LISTS = [...SOURCE_LISTS, "unregistered", "refused", "conflicts"] as const;
export type ListName = (typeof LISTS)[number];
const RESULTS: readonly string[] = [
  "unknown_source",
  "bad_schema",
  "bad_length",
  "bad_value",
  "bad_quality",
  "bad_time",
  "too_old",
  "future",
];

/** The list that is open, of one company or of all. */
export function ArrivalList({ list, company }: { list: ListName; company: string | undefined }) {
  if (list === "unregistered") return <Unregistered />;
  if (list === "refused") return <RefusedFrames />;
  if (list === "conflicts") return <Conflicts />;
  return <Sources key={`${list} ${company}`} state={list} company={company} />;
}

function Sources({ state, company }: { state: ListName; company: string | undefined }) {
  const t = useText();
  const { desk } = useParts();
  const order = state === "silent" ? "last" : state === "late" ? "late" : state === "skewed" ? "delay" : "arrival_rate";
  const filter = { state, company_id: company, order };
  return (
    <PagedList<ArrivingSource>
      listKey={JSON.stringify(filter)}
      label={t(`arrivals.list.${state}`)}
      rowHeight={ROW_PX}
      page={(offset, limit) => desk.arrivingSources({ ...filter, offset, limit })}
      empty={t("arrivals.none")}
    >
      {(source) => <SourceRow source={source} />}
    </PagedList>
  );
}

function useTimes(): { ago(ms: number): string; at(ms: number): string } {
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "Asia/Shanghai");
  const now = useNow();
  return {
    ago: (ms) => formatAge(Math.max(0, Math.floor((now - ms) / 1000)), lang),
    at: (ms) => formatTime(ms, zone, lang),
  };
}

/** One source; a click takes the map to what it reports on. */
function SourceRow({ source }: { source: ArrivingSource }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const { controller } = useParts();
  const { ago, at } = useTimes();
  const number = (value: number) => formatNumber(value, 0, lang);
  return (
    <div className="row">
      <button
        type="button"
        className="row-main"
        aria-label={t("arrivals.showOf", { name: source.asset_name })}
        onClick={() => void controller.visitAsset(source.asset_id)}
      >
        <span className="row-text">
          <strong>{source.asset_name}</strong>
          <span className="row-detail">
            {source.received_at === null
              ? t("arrivals.neverHeard")
              : t("arrivals.lastHeard", { time: at(source.received_at), age: ago(source.received_at) })}
          </span>
          <span className="row-detail">
            {t("arrivals.got", { received: number(source.received), expected: number(source.expected) })}
            {source.late > 0 && ` · ${t("arrivals.lateFrames", { late: number(source.late) })}`}
            {source.delay_mean_s !== null &&
              ` · ${t("arrivals.meanDelay", { delay: formatDelay(source.delay_mean_s, lang) })}`}
          </span>
        </span>
      </button>
    </div>
  );
}

function Unregistered() {
  const t = useText();
  const { desk } = useParts();
  const lang = useApp((state) => state.view.lang);
  const { ago, at } = useTimes();
  return (
    <PagedList<UnregisteredSource>
      listKey="unregistered"
      label={t("arrivals.list.unregistered")}
      rowHeight={ROW_PX}
      page={(offset, limit) => desk.unregistered({ offset, limit })}
      empty={t("arrivals.none")}
    >
      {(one) => (
        <div className="row">
          <span className="row-text plain-row">
            <strong>{one.code}</strong>
            <span className="row-detail">
              {t("arrivals.sender", { sender: one.sender })} ·{" "}
              {t("arrivals.messages", { count: formatNumber(one.messages, 0, lang) })}
              {one.registered && ` · ${t("arrivals.outside")}`}
            </span>
            <span className="row-detail">
              {t("arrivals.lastHeard", { time: at(one.last_ms), age: ago(one.last_ms) })}
            </span>
          </span>
        </div>
      )}
    </PagedList>
  );
}

function RefusedFrames() {
  const t = useText();
  const { desk } = useParts();
  const lang = useApp((state) => state.view.lang);
  const found = usePolled("refused", ARRIVALS_EVERY_MS, () => desk.refusedFrames());
  if (found.state !== "ready") return <RemoteNote remote={found} />;
  if (found.value.items.length === 0) return <p className="empty">{t("arrivals.none")}</p>;
  return (
    <ul className="rows refused" aria-label={t("arrivals.list.refused")}>
      {found.value.items.map((item) => (
        <li key={`${item.sender} ${item.result}`} className="row">
          <span className="row-text covered plain-row">
            <strong>{RESULTS.includes(item.result) ? t(`result.${item.result}` as TextKey) : item.result}</strong>
            <b>{t("arrivals.frames", { count: formatNumber(item.frames, 0, lang) })}</b>
            <span className="row-detail">{t("arrivals.sender", { sender: item.sender })}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}

function Conflicts() {
  const t = useText();
  const { desk } = useParts();
  return (
    <PagedList<ReadingConflict>
      listKey="conflicts"
      label={t("arrivals.list.conflicts")}
      rowHeight={CONFLICT_PX}
      page={(offset, limit) => desk.conflicts({ offset, limit })}
      empty={t("arrivals.none")}
    >
      {(one) => <ConflictRow conflict={one} />}
    </PagedList>
  );
}

/** A frame kept aside: the first point in which it differs, with both values. */
function ConflictRow({ conflict }: { conflict: ReadingConflict }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const { controller } = useParts();
  const { at } = useTimes();
  const [first, ...more] = conflict.points;
  return (
    <div className="row">
      <button
        type="button"
        className="row-main"
        aria-label={t("arrivals.showOf", { name: conflict.asset_name })}
        onClick={() => void controller.visitAsset(conflict.asset_id)}
      >
        <span className="row-text">
          <strong>{conflict.asset_name}</strong>
          <span className="row-detail">{at(conflict.observed_at)}</span>
          {first !== undefined && (
            <span className="row-detail">
              {first.name}: {t("arrivals.stored", { value: formatValue(first.stored, first.unit, lang, 4) })} ·{" "}
              {t("arrivals.sent", { value: formatValue(first.sent, first.unit, lang, 4) })}
            </span>
          )}
          {more.length > 0 && <span className="row-detail">{t("arrivals.more", { count: more.length })}</span>}
        </span>
      </button>
    </div>
  );
}
