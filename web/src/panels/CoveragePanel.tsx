import { Segmented, Select } from "antd";
import { useEffect, useState } from "react";
import type { Covered, CoveredDetail, DistrictCoverage } from "../api/records";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { drawn, overlayOf } from "../state/overlay";
import { formatArea, formatNumber, formatShare, MISSING } from "../units";
import { PagedList } from "./PagedList";
import { Panel } from "./Panel";
import { RemoteNote } from "./RemoteNote";
import { useAnswer } from "./useAnswer";

const KINDS = ["company", "plant", "boiler_house", "substation", "estate"] as const;
const STATES = ["agrees", "differs", "derived", "unserved", "none"] as const;
const ROW_PX = 76;
const MOST_CHIPS = 12;

/** Declared areas against what is really served, kind by kind; and what each district has without heat. */
export function CoveragePanel() {
  const t = useText();
  const { desk } = useParts();
  const work = useApp((state) => state.view.work);
  const kind = KINDS.find((one) => one === work.of) ?? "company";
  const byDistrict = work.districts !== undefined;
  return (
    <Panel title={t("coverage.title")} className="work-panel coverage">
      <Segmented
        block
        size="small"
        className="kinds"
        aria-label={t("coverage.of")}
        options={[
          ...KINDS.map((value) => ({ value: value as string, label: t(`coverage.kind.${value}`) })),
          { value: "districts", label: t("coverage.districts") },
        ]}
        value={byDistrict ? "districts" : kind}
        onChange={(next) =>
          desk.set(
            next === "districts" ? { districts: "1", object: null } : { of: next, districts: null, object: null },
          )
        }
      />
      {byDistrict ? <Districts /> : <Objects key={kind} kind={kind} />}
    </Panel>
  );
}

function Objects({ kind }: { kind: (typeof KINDS)[number] }) {
  const t = useText();
  const { desk } = useParts();
  const work = useApp((state) => state.view.work);
  const state = STATES.find((one) => one === work.agreement);
  const filter = { of_kind: kind, state };
  const [chosen, setChosen] = useState<Covered | null>(null);
  const shown = chosen !== null && String(chosen.asset_id) === work.object ? chosen : null;
  return (
    <>
      <div className="filters">
        <Select
          size="small"
          allowClear
          aria-label={t("coverage.state")}
          placeholder={t("coverage.state")}
          value={state}
          options={STATES.map((value) => ({ value, label: t(`coverage.state.${value}`) }))}
          onChange={(next: string | undefined) => desk.set({ agreement: next ?? null, object: null })}
        />
      </div>
      {shown !== null && <OneObject key={shown.asset_id} covered={shown} />}
      <PagedList<Covered>
        listKey={JSON.stringify(filter)}
        label={t("coverage.title")}
        rowHeight={ROW_PX}
        page={async (offset, limit) => {
          const answer = await desk.coverage({ ...filter, offset, limit });
          const named = answer.items.find((one) => String(one.asset_id) === work.object);
          if (named !== undefined) setChosen(named);
          return answer;
        }}
        empty={t("coverage.none")}
      >
        {(covered) => (
          <ObjectRow
            covered={covered}
            chosen={covered.asset_id === shown?.asset_id}
            onChoose={() => {
              setChosen(covered);
              desk.set({ object: String(covered.asset_id) });
            }}
          />
        )}
      </PagedList>
    </>
  );
}

function ObjectRow({ covered, chosen, onChoose }: { covered: Covered; chosen: boolean; onChoose(): void }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const { agreement } = covered;
  return (
    <div className={`row${chosen ? " chosen" : ""}`}>
      <button type="button" className="row-main" aria-current={chosen ? "true" : undefined} onClick={onChoose}>
        <span className="row-text covered">
          <strong>{covered.name || covered.code}</strong>
          <b>{agreement === null ? t("coverage.derivedOnly") : formatShare(agreement, lang)}</b>
          <i className="bar plain" aria-hidden="true">
            <i style={{ width: `${(agreement ?? 0) * 100}%` }} />
          </i>
          <span className="row-detail">
            {t("coverage.served", { count: formatNumber(covered.served_buildings, 0, lang) })} ·{" "}
            {formatArea(covered.heated_area_m2, lang)}
            {covered.foreign_buildings > 0 &&
              ` · ${t("coverage.foreign", { count: formatNumber(covered.foreign_buildings, 0, lang) })}`}
          </span>
        </span>
      </button>
    </div>
  );
}

/** Declared and derived ground of one object, over the map. */
function OneObject({ covered }: { covered: Covered }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const { controller, desk } = useParts();
  const { of_kind, asset_id } = covered;
  const found = useAnswer(`coverage of ${of_kind} ${asset_id}`, () => desk.coverageOf(of_kind, asset_id));
  useEffect(() => {
    if (found.state !== "ready") return;
    const { geometry_declared, geometry_derived } = found.value.item;
    desk.show(overlayOf(drawn(geometry_derived, "derived"), drawn(geometry_declared, "declared")), true);
    return () => desk.clear();
  }, [desk, found]);
  const number = (value: number) => formatNumber(value, 0, lang);
  const lines = [
    ["coverage.declared", covered.declared_m2 === null ? MISSING : formatArea(covered.declared_m2, lang)],
    ["coverage.inside", number(covered.inside_buildings)],
    ["coverage.outside", number(covered.outside_buildings)],
    ["coverage.foreignBuildings", number(covered.foreign_buildings)],
    ["coverage.unserved", number(covered.unserved_buildings)],
  ] as const;
  return (
    <section className="one-object" aria-label={covered.name || covered.code}>
      <h3>
        <button type="button" className="link" onClick={() => controller.select(covered.asset_id)}>
          {covered.name || covered.code}
        </button>
      </h3>
      <RemoteNote remote={found} />
      <dl className="facts">
        {lines.map(([key, value]) => (
          <div key={key}>
            <dt>{t(key)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {found.state === "ready" && <Misplaced buildings={found.value.buildings} />}
    </section>
  );
}

/** Buildings in which declared and derived ground differ, the first of them. */
function Misplaced({ buildings }: { buildings: CoveredDetail["buildings"] }) {
  const t = useText();
  const { controller } = useParts();
  if (buildings.length === 0) return null;
  return (
    <ul className="chips">
      {buildings.slice(0, MOST_CHIPS).map((one) => (
        <li key={`${one.relation} ${one.asset_id}`}>
          <button type="button" title={one.code} onClick={() => void controller.visitAsset(one.asset_id)}>
            {t(`coverage.relation.${one.relation}`)} {one.name || one.code}
          </button>
        </li>
      ))}
      {buildings.length > MOST_CHIPS && <li className="note">+{buildings.length - MOST_CHIPS}</li>}
    </ul>
  );
}

function Districts() {
  const { desk } = useParts();
  const found = useAnswer("coverage of districts", () => desk.districts());
  if (found.state !== "ready") return <RemoteNote remote={found} />;
  return (
    <ul className="rows districts">
      {found.value.districts.map((item) => (
        <DistrictRow key={item.asset_id ?? 0} item={item} />
      ))}
    </ul>
  );
}

function DistrictRow({ item }: { item: DistrictCoverage }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const { controller } = useParts();
  const { asset_id } = item;
  const share = item.heated_buildings === 0 ? null : item.covered / item.heated_buildings;
  return (
    <li className="row">
      <button
        type="button"
        className="row-main"
        disabled={asset_id === null}
        onClick={() => asset_id !== null && void controller.visitAsset(asset_id)}
      >
        <span className="row-text covered">
          <strong>{item.name ?? t("coverage.noDistrict")}</strong>
          <b>{formatShare(share, lang)}</b>
          <i className="bar plain" aria-hidden="true">
            <i style={{ width: `${(share ?? 0) * 100}%` }} />
          </i>
          <span className="row-detail">
            {t("coverage.heated", { area: formatArea(item.heated_area_m2, lang) })} ·{" "}
            {t("coverage.buildings", { count: formatNumber(item.heated_buildings, 0, lang) })} ·{" "}
            {t("coverage.uncovered", { count: formatNumber(item.uncovered, 0, lang) })} ·{" "}
            {t("coverage.unconnected", { count: formatNumber(item.unconnected, 0, lang) })}
          </span>
        </span>
      </button>
    </li>
  );
}
