import { Button } from "antd";
import { lazy, type ReactNode, Suspense, useEffect, useState } from "react";
import type { Asset, AssetItem } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { kindName } from "../i18n/text";
import { useApp, useParts } from "../state/context";
import { statusName } from "../state/status";
import { type Attribute, attributeText } from "./attributes";
import { ImpactPanel } from "./ImpactPanel";
import { Panel } from "./Panel";
import { RegisterList } from "./RegisterList";
import { RemoteNote } from "./RemoteNote";
import { StatusMark } from "./StatusMark";

const FIRST_ATTRIBUTES = 3;
const CurvePanel = lazy(() => import("./CurvePanel"));

/** Everything about the selected asset: attributes, curve, impact. */
export function AssetPanel() {
  const t = useText();
  const { controller } = useParts();
  const selected = useApp((state) => state.view.selected);
  const asset = useApp((state) => state.asset);
  if (selected === null) return null;
  const title = asset.state === "ready" ? asset.value.name || asset.value.code : t("asset.title");
  const close = (
    <Button size="small" type="text" aria-label={t("app.close")} onClick={() => controller.select(null)}>
      ✕
    </Button>
  );
  return (
    <div className="selection">
      <Panel title={title} className="asset" extra={close}>
        <RemoteNote remote={asset} />
        {asset.state === "ready" && <Facts key={asset.value.asset_id} asset={asset.value} />}
        {asset.state === "ready" && <RegisterList key={`rows of ${asset.value.asset_id}`} asset={asset.value} />}
      </Panel>
      <ImpactPanel />
      <Suspense fallback={null}>
        <CurvePanel />
      </Suspense>
    </div>
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

/** Attribute names end in their unit, which stands behind the value: `design_power_mw` reads "design power". */
function nameInEnglish(name: string): string {
  return name.replace(/_(mm|m2|m|mw|degc|mpa)$/, "").replaceAll("_", " ");
}
