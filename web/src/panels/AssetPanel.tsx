import { Button, Segmented } from "antd";
import { lazy, type ReactNode, Suspense, useEffect, useState } from "react";
import type { Asset, AssetItem } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { kindName } from "../i18n/text";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import { statusName } from "../state/status";
import { isTool } from "../state/work";
import { AssetEditor } from "./AssetEditor";
import { AssetHistory, PastBanner } from "./AssetHistory";
import { type Attribute, attributeText, nameInEnglish } from "./attributes";
import { ImpactPanel } from "./ImpactPanel";
import { Panel } from "./Panel";
import { useMay } from "./permissions";
import { RegisterList } from "./RegisterList";
import { RemoteNote } from "./RemoteNote";
import { SolvedFacts } from "./SolvedFacts";
import { StatusMark } from "./StatusMark";

const FIRST_ATTRIBUTES = 3;
const CurvePanel = lazy(() => import("./CurvePanel"));

/** Everything about the selected asset: attributes, curve, impact. */
export function AssetPanel({ readOnly = false }: { readOnly?: boolean }) {
  const t = useText();
  const { controller, desk } = useParts();
  const tool = useApp((state) => isTool(state.view.panel));
  const selected = useApp((state) => state.view.selected);
  const asset = useApp((state) => state.asset);
  if (selected === null) return null;
  const title = asset.state === "ready" ? asset.value.name || asset.value.code : t("asset.title");
  // a tool goes on asking about what is selected
  const leave = () => (tool && !readOnly ? desk.set({ details: null }) : controller.select(null));
  const close = (
    <Button size="small" type="text" aria-label={t("app.close")} onClick={leave}>
      ✕
    </Button>
  );
  return (
    <div className="selection">
      <Panel title={title} className="asset" extra={close}>
        <RemoteNote remote={asset} />
        <PastBanner asset={arrived(asset)} />
        {asset.state === "ready" && <Tabs asset={asset.value} readOnly={readOnly} />}
      </Panel>
      {(!tool || readOnly) && <ImpactPanel />}
      <Suspense fallback={null}>
        <CurvePanel />
      </Suspense>
    </div>
  );
}

const TABS = ["facts", "history", "edit"] as const;

/** What is known of the asset, how it came to be so, and the form to change it. */
function Tabs({ asset, readOnly }: { asset: Asset; readOnly: boolean }) {
  const t = useText();
  const { desk } = useParts();
  const wanted = useApp((state) => state.view.work.tab);
  const past = useApp((state) => state.view.work.as_of !== undefined);
  const [edits, proposes] = [useMay("edit_archive"), useMay("propose_changes")];
  // the past is looked at, not edited
  const mayEdit = (edits || proposes) && !past && !readOnly && asset.valid_to_at === null;
  const tabs = TABS.filter((tab) => tab !== "edit" || mayEdit);
  const tab = tabs.find((one) => one === wanted) ?? "facts";
  return (
    <>
      <Segmented
        block
        size="small"
        className="asset-tabs"
        aria-label={t("asset.title")}
        options={tabs.map((value) => ({ value, label: t(`asset.tab.${value}`) }))}
        value={tab}
        onChange={(next) => desk.set({ tab: next === "facts" ? null : next })}
      />
      {tab === "facts" && <Facts key={asset.asset_id} asset={asset} />}
      {tab === "facts" && <RegisterList key={`rows of ${asset.asset_id}`} asset={asset} />}
      {tab === "history" && <AssetHistory asset={asset} />}
      {tab === "edit" && <AssetEditor asset={asset} />}
    </>
  );
}

function Facts({ asset }: { asset: Asset }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const { statuses } = useParts();
  const [all, setAll] = useState(false);
  // read again with every message that changed something
  useApp((state) => state.live.revision);
  const status = statuses.get(asset.asset_id) ?? asset.status;
  const attributes = asset.attributes.filter((item) => !(item.name === "company_code" && asset.company));
  const hidden = attributes.length - FIRST_ATTRIBUTES;
  return (
    <dl className="facts">
      <Fact label={kindName(lang, asset.kind, asset.kind_zh)} value={asset.code} />
      <div>
        <dt>{t("asset.status")}</dt>
        <dd data-testid="asset-status">
          <StatusMark code={status} /> {t(`status.${statusName(status)}`)}
        </dd>
      </div>
      {asset.company && <Fact label={t("asset.owner")} value={asset.company.name} />}
      {asset.area && <Fact label={t("asset.area")} value={asset.area.name} />}
      <SolvedFacts solved={asset.solved} />
      {(all || hidden <= 1 ? attributes : attributes.slice(0, FIRST_ATTRIBUTES)).map((item) => (
        <Fact
          key={item.name}
          label={lang === "zh" ? item.label_zh : nameInEnglish(item.name)}
          value={isReference(item) ? <Reference code={String(item.value)} /> : attributeText(item, lang)}
        />
      ))}
      {hidden > 1 && (
        <button type="button" className="more" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? t("app.less") : t("app.more", { count: hidden })}
        </button>
      )}
    </dl>
  );
}

function Fact({ label, value }: { label: string; value: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** Whether an attribute holds the code of another asset. */
function isReference(item: Attribute): boolean {
  return item.name.endsWith("_code") && typeof item.value === "string" && item.value !== "";
}

/** The name of the asset that has a code, as a way to it; the code alone where no asset has it. */
function Reference({ code }: { code: string }) {
  const { controller } = useParts();
  const [found, setFound] = useState<AssetItem | null>(null);
  useEffect(() => {
    let wanted = true;
    controller.named(code).then(
      (item) => wanted && setFound(item),
      () => undefined,
    );
    return () => {
      wanted = false;
    };
  }, [controller, code]);
  if (found === null || found.code !== code) return code;
  return (
    <button
      type="button"
      className="link"
      title={code}
      onClick={() => controller.visit(found.asset_id, found.position)}
    >
      {found.name || code}
    </button>
  );
}
