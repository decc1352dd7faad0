import { Segmented, Select } from "antd";
import { lazy, Suspense } from "react";
import type { ArrivalRow, Arrivals, Channel } from "../api/records";
import { useText } from "../i18n/hooks";
import type { TextKey } from "../i18n/zh";
import { useApp, useParts } from "../state/context";
import { formatAge, formatNumber } from "../units";
import { ARRIVALS_EVERY_MS, ArrivalHead, ArrivalTable, formatDelay, useArrivals } from "./ArrivalFigures";
import { ArrivalList, LISTS, type ListName } from "./ArrivalLists";
import { Files } from "./LayerExport";
import { Panel } from "./Panel";
import { RemoteNote } from "./RemoteNote";
import { useNow } from "./time";
import { usePolled } from "./usePolled";

const ArrivalCourse = lazy(() => import("./ArrivalCourse"));
const GROUPS = ["company", "kind", "district", "schema"] as const;
const CHANNELS: readonly string[] = ["http", "mqtt", "exchange"];

/** Who reports, how late, how complete: figures, the course of a day, companies, and the lists behind them. */
export default function ArrivalsPanel() {
  const t = useText();
  const work = useApp((state) => state.view.work);
  const by = GROUPS.find((one) => one === work.by) ?? "company";
  const found = useArrivals(by);
  return (
    <Panel title={t("arrivals.title")} className="work-panel arrivals">
      <RemoteNote remote={found} />
      {found.state === "ready" && <Answer arrivals={found.value} by={by} />}
    </Panel>
  );
}

function Answer({ arrivals, by }: { arrivals: Arrivals; by: (typeof GROUPS)[number] }) {
  const t = useText();
  const { desk } = useParts();
  const lang = useApp((state) => state.view.lang);
  const work = useApp((state) => state.view.work);
  const { total } = arrivals;
  const number = (value: number) => formatNumber(value, 0, lang);
  const choose = (row: ArrivalRow) =>
    desk.set({ company: String(row.key) === work.company ? null : String(row.key), list: work.list ?? "silent" });
  return (
    <>
      <ArrivalHead arrivals={arrivals} />
      <p className="note">
        {t("arrivals.window", { expected: number(total.expected), received: number(total.received) })}
        <br />
        {t("arrivals.delay", {
          p50: formatDelay(total.delay_p50_s, lang),
          p95: formatDelay(total.delay_p95_s, lang),
          p99: formatDelay(total.delay_p99_s, lang),
        })}
      </p>
      {arrivals.recounting && <p className="note">{t("arrivals.recounting")}</p>}
      <Suspense fallback={<div className="arrival-course" />}>
        <ArrivalCourse course={arrivals.course} />
      </Suspense>
      <Channels />
      <Segmented
        block
        size="small"
        aria-label={t("arrivals.by")}
        options={GROUPS.map((value) => ({ value, label: t(`arrivals.by.${value}`) }))}
        value={by}
        onChange={(next) => desk.set({ by: next === "company" ? null : next })}
      />
      <ArrivalTable
        arrivals={arrivals}
        chosen={work.company === undefined ? null : Number(work.company)}
        {...(by === "company" ? { onChoose: choose } : {})}
      />
      <Files
        title={t("export.table")}
        files={(["csv", "xlsx"] as const).map((format) => ({
          label: t(`export.${format}`),
          path: `/arrivals.${format}`,
          query: { by },
        }))}
      />
      <Lists arrivals={arrivals} />
    </>
  );
}

function Lists({ arrivals }: { arrivals: Arrivals }) {
  const t = useText();
  const { desk } = useParts();
  const work = useApp((state) => state.view.work);
  const list = LISTS.find((one) => one === work.list) ?? "silent";
  const company = arrivals.items.find((row) => String(row.key) === work.company);
  return (
    <section className="arrival-lists" aria-label={t("arrivals.lists")}>
      <div className="filters">
        <Select<ListName>
          size="small"
          aria-label={t("arrivals.lists")}
          value={list}
          options={LISTS.map((value) => ({ value, label: t(`arrivals.list.${value}`) }))}
          onChange={(next) => desk.set({ list: next })}
        />
        {work.company !== undefined && (
          <button type="button" className="link" onClick={() => desk.set({ company: null })}>
            {t("arrivals.only", { name: company?.name ?? work.company })} ✕
          </button>
        )}
      </div>
      <ArrivalList list={list} company={work.company} />
    </section>
  );
}

/** Each way in: whether it can take something, and when something came last. */
function Channels() {
  const t = useText();
  const { desk } = useParts();
  const found = usePolled("channels", ARRIVALS_EVERY_MS, () => desk.channels());
  if (found.state !== "ready") return null;
  return (
    <ul className="arrival-channels" aria-label={t("arrivals.channels")}>
      {found.value.channels.map((channel) => (
        <ChannelLine key={channel.name} channel={channel} />
      ))}
    </ul>
  );
}

function ChannelLine({ channel }: { channel: Channel }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const now = useNow();
  const name = CHANNELS.includes(channel.name) ? t(`arrivals.channel.${channel.name}` as TextKey) : channel.name;
  const age = channel.last_message_at === null ? null : Math.max(0, Math.floor((now - channel.last_message_at) / 1000));
  return (
    <li className={channel.connected ? "on" : "off"} title={channel.problem || channel.address}>
      <i aria-hidden="true" />
      <span>{name}</span>
      <b>{t(channel.connected ? "arrivals.connected" : "arrivals.disconnected")}</b>
      <small>{age === null ? t("arrivals.idle") : t("alarm.age", { age: formatAge(age, lang) })}</small>
    </li>
  );
}
