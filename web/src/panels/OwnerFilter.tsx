import { Select } from "antd";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { useAnswer } from "./useAnswer";

/** District and company of what a panel lists; many companies are found by typing. */
export function OwnerFilter() {
  const t = useText();
  return (
    <div className="owner-filter">
      <OwnerSelect kind="district" field="area" label={t("filter.district")} />
      <OwnerSelect kind="company" field="company" label={t("filter.company")} />
    </div>
  );
}

function OwnerSelect({ kind, field, label }: { kind: string; field: "area" | "company"; label: string }) {
  const { controller, desk } = useParts();
  const chosen = useApp((state) => state.view.work[field]);
  const found = useAnswer(`owners ${kind}`, () => controller.everyOf(kind));
  const items = found.state === "ready" ? found.value : [];
  const options = items.map((item) => ({ value: String(item.asset_id), label: item.name || item.code }));
  return (
    <Select
      size="small"
      allowClear
      showSearch={{ optionFilterProp: "label" }}
      aria-label={label}
      placeholder={label}
      value={chosen}
      options={options}
      onChange={(next: string | undefined) => desk.set({ [field]: next ?? null, problem: null, object: null })}
    />
  );
}
