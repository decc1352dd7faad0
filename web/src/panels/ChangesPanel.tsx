import { Input, Segmented, Select } from "antd";
import { useState } from "react";
import type { ArchiveDifference, Change, ChangedAsset, Origin } from "../api/records";
import { useText } from "../i18n/hooks";
import { kindName } from "../i18n/text";
import { currentCity } from "../state/app";
import { useApp, useParts } from "../state/context";
import { formatNumber, formatTime } from "../units";
import { valueText } from "./differences";
import { PagedList } from "./PagedList";
import { Panel } from "./Panel";
import { useMay } from "./permissions";
import { ReasonBox } from "./ReasonBox";
import { RecheckNote } from "./RecheckNote";
import { RemoteNote } from "./RemoteNote";
import { isoToLocal, localToIso } from "./time";
import { useAnswer } from "./useAnswer";

const ORIGINS: readonly Origin[] = ["import", "edit", "repair", "restore", "approval"];
const CHANGE_PX = 66;
const ASSET_PX = 64;
const FIELDS = 3;

/** Every change of the archive, and what differs between two times. */
export function ChangesPanel() {
  const t = useText();
  const { desk } = useParts();
  const work = useApp((state) => state.view.work);
  const comparing = work.difference !== undefined;
  const options = [
    { value: "list", label: t("changes.list") },
    { value: "difference", label: t("changes.difference") },
  ];
  return (
    <Panel title={t("changes.title")} className="work-panel changes">
      <RecheckNote />
      <Segmented
        block
        size="small"
        aria-label={t("changes.title")}
        options={options}
        value={comparing ? "difference" : "list"}
        onChange={(next) => desk.set({ difference: next === "list" ? null : "1", change: null })}
      />
      <div className="filters">
        <Period />
        {!comparing && <MoreFilters />}
      </div>
      {comparing ? (
        <DifferenceList />
      ) : work.change === undefined ? (
        <ChangeList />
      ) : (
        <OneChange id={Number(work.change)} />
      )}
    </Panel>
  );
}

function Period() {
  const t = useText();
  return (
    <div className="period">
      <TimeField field="from" label={t("changes.from")} />
      <TimeField field="to" label={t("changes.to")} />
    </div>
  );
}

function TimeField({ field, label }: { field: "from" | "to"; label: string }) {
  const { desk } = useParts();
  const zone = useApp((state) => currentCity(state)?.zone ?? "UTC");
  const value = useApp((state) => state.view.work[field]);
  return (
    <label>
      <span>{label}</span>
      <input
        type="datetime-local"
        step={1}
        value={value === undefined ? "" : isoToLocal(value, zone)}
        onChange={(event) => desk.set({ [field]: localToIso(event.target.value, zone), change: null })}
      />
    </label>
  );
}

function MoreFilters() {
  const t = useText();
  const { desk } = useParts();
  const work = useApp((state) => state.view.work);
  const [seat, setSeat] = useState(work.seat ?? "");
  return (
    <div className="owner-filter">
      <Select
        size="small"
        allowClear
        aria-label={t("changes.origin")}
        placeholder={t("changes.origin")}
        value={work.origin}
        options={ORIGINS.map((value) => ({ value: value as string, label: t(`origin.${value}`) }))}
        onChange={(next: string | undefined) => desk.set({ origin: next ?? null, change: null })}
      />
      <Input.Search
        size="small"
        allowClear
        value={seat}
        aria-label={t("changes.seat")}
        placeholder={t("changes.seat")}
        onChange={(event) => setSeat(event.target.value)}
        onSearch={(next) => desk.set({ seat: next.trim() || null, change: null })}
      />
    </div>
  );
}

function ChangeList() {
  const t = useText();
  const { desk } = useParts();
  const work = useApp((state) => state.view.work);
  const filter = { from: work.from, to: work.to, origin: work.origin, seat: work.seat, kind: work.kind };
  return (
    <PagedList<Change>
      listKey={JSON.stringify(filter)}
      label={t("changes.list")}
      rowHeight={CHANGE_PX}
      page={(offset, limit) => desk.changes({ ...filter, offset, limit })}
      empty={t("changes.none")}
    >
      {(change) => <ChangeRow change={change} />}
    </PagedList>
  );
}

function ChangeRow({ change }: { change: Change }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "UTC");
  const { desk } = useParts();
  return (
    <div className="row">
      <button type="button" className="row-main" onClick={() => desk.set({ change: String(change.change_id) })}>
        <span className="row-text">
          <strong>
            {t(`origin.${change.origin}`)} · {change.reason || change.source}
          </strong>
          <span className="row-detail">
            {formatTime(Date.parse(change.made_at), zone, lang)} · {change.seat}
          </span>
          <span className="row-detail">
            <Counts {...change} />
          </span>
        </span>
      </button>
    </div>
  );
}

function Counts({ added, changed, retired }: { added: number; changed: number; retired: number }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const parts = [
    ["added", added],
    ["changed", changed],
    ["retired", retired],
  ] as const;
  const shown = parts.filter(([, count]) => count > 0);
  return shown.map(([name, count]) => `${t(`changes.${name}`)} ${formatNumber(count, 0, lang)}`).join(" · ");
}

function OneChange({ id }: { id: number }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "UTC");
  const { desk } = useParts();
  const may = useMay("edit_archive");
  const found = useAnswer(`change ${id}`, () => desk.change(id, { limit: 1 }));
  const back = (
    <button type="button" className="more" onClick={() => desk.set({ change: null })}>
      ‹ {t("changes.back")}
    </button>
  );
  if (found.state !== "ready") {
    return (
      <>
        {back}
        <RemoteNote remote={found} />
      </>
    );
  }
  const change = found.value;
  return (
    <>
      <div className="rule-head">
        {back}
        <h3>
          {t("changes.number", { id })} · {t(`origin.${change.origin}`)}
        </h3>
        <p>{change.reason}</p>
        <p className="note">
          {[formatTime(Date.parse(change.made_at), zone, lang), change.seat, change.source].filter(Boolean).join(" · ")}
        </p>
        <p className="note">
          <Counts {...change} />
        </p>
        {may && change.origin !== "import" && (
          <details className="revert">
            <summary>{t("changes.revert")}</summary>
            <ReasonBox
              deeds={[
                {
                  label: t("changes.revert"),
                  primary: true,
                  sure: t("changes.revertSure", { id }),
                  act: async (reason) => {
                    await desk.revertChange(id, reason);
                    desk.set({ change: null });
                  },
                },
              ]}
            />
          </details>
        )}
      </div>
      <PagedList<ChangedAsset>
        listKey={`assets of ${id}`}
        label={t("changes.assets")}
        rowHeight={ASSET_PX}
        page={async (offset, limit) => {
          const { added, changed, retired, items } = await desk.change(id, { offset, limit });
          return { total: added + changed + retired, items };
        }}
        empty={t("changes.noAssets")}
      >
        {(asset) => <AssetRow asset={asset} />}
      </PagedList>
    </>
  );
}

function DifferenceList() {
  const t = useText();
  const { desk } = useParts();
  const work = useApp((state) => state.view.work);
  const [counts, setCounts] = useState<Omit<ArchiveDifference, "items"> | null>(null);
  const [now] = useState(() => new Date().toISOString());
  if (work.from === undefined) return <p className="empty">{t("changes.needFrom")}</p>;
  // without an end, to the present: the moment this list was opened
  const filter = { from: work.from, to: work.to ?? now, kind: work.kind };
  async function page(offset: number, limit: number): Promise<{ total: number; items: ChangedAsset[] }> {
    const answer = await desk.difference({ ...filter, offset, limit });
    setCounts(answer);
    return { total: answer.added + answer.changed + answer.retired, items: answer.items };
  }
  return (
    <>
      {counts !== null && (
        <p className="note" data-testid="difference-counts">
          <Counts {...counts} />
        </p>
      )}
      <PagedList<ChangedAsset>
        listKey={JSON.stringify(filter)}
        label={t("changes.difference")}
        rowHeight={ASSET_PX}
        page={page}
        empty={t("changes.noAssets")}
      >
        {(asset) => <AssetRow asset={asset} />}
      </PagedList>
    </>
  );
}

function AssetRow({ asset }: { asset: ChangedAsset }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const { controller, desk } = useParts();
  const texts = asset.differences.slice(0, FIELDS).map((one) => {
    const label = lang === "zh" ? one.label_zh : one.field.replaceAll("_", " ");
    return `${label}: ${valueText(one.before, lang)} → ${valueText(one.after, lang)}`;
  });
  const more = asset.differences.length > FIELDS ? ` +${asset.differences.length - FIELDS}` : "";
  function open(): void {
    controller.select(asset.asset_id);
    desk.set({ tab: "history" });
  }
  return (
    <div className="row">
      <button type="button" className="row-main" onClick={open} title={texts.join("\n")}>
        <span className="row-text">
          <strong>
            {t(`changes.${asset.status}`)} · {kindName(lang, asset.kind)} {asset.name || asset.code}
          </strong>
          <span className="row-detail clamped">{texts.join("; ") + more}</span>
        </span>
      </button>
    </div>
  );
}
