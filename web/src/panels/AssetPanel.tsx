import { Button } from "antd";
import { lazy, Suspense } from "react";
import type { Asset } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { kindName } from "../i18n/text";
import { useApp, useParts } from "../state/context";
import { statusName } from "../state/status";
import { formatNumber, type Lang, MISSING, unitLabel } from "../units";
import { ImpactPanel } from "./ImpactPanel";
import { Panel } from "./Panel";
import { RemoteNote } from "./RemoteNote";
import { StatusMark } from "./StatusMark";

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
        {asset.state === "ready" && <Facts asset={asset.value} />}
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
  // read again with every message that changed something
  useApp((state) => state.live.revision);
  const status = statuses.get(asset.asset_id) ?? asset.status;
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
      {asset.attributes.map((item) => (
        <Fact
          key={item.name}
          label={lang === "zh" ? item.label_zh : nameInEnglish(item.name)}
          value={attributeText(item, lang)}
        />
      ))}
    </dl>
  );
}

function Fact({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** Attribute names end in their unit, which stands behind the value: `design_power_mw` reads "design power". */
function nameInEnglish(name: string): string {
  return name.replace(/_(mm|m2|m|mw|degc|mpa)$/, "").replaceAll("_", " ");
}

/** Codes mean "中文 English": the half of the page's language is shown. */
function meaningIn(lang: Lang, meaning: string): string {
  const at = meaning.indexOf(" ");
  if (at < 0) return meaning;
  return lang === "zh" ? meaning.slice(0, at) : meaning.slice(at + 1);
}

function attributeText(item: Asset["attributes"][number], lang: Lang): string {
  if (item.value === null || item.value === undefined || item.value === "") return MISSING;
  if (item.meaning) return meaningIn(lang, item.meaning);
  if (typeof item.value === "boolean") return item.value ? "✓" : "✗";
  const unit = item.unit ? ` ${unitLabel(item.unit, lang)}` : "";
  // years and other whole numbers without unit are names, not amounts
  if (typeof item.value === "number" && unit !== "") return formatNumber(item.value, 2, lang) + unit;
  return String(item.value) + unit;
}
