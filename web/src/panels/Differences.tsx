import type { Difference } from "../api/records";
import { useText } from "../i18n/hooks";
import { useApp } from "../state/context";
import { valueText } from "./differences";

/** What changed: one line a field, before and after. */
export function Differences({ items }: { items: readonly Difference[] }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  if (items.length === 0) return null;
  return (
    <table className="differences">
      <thead>
        <tr>
          <th scope="col">{t("difference.field")}</th>
          <th scope="col">{t("difference.before")}</th>
          <th scope="col">{t("difference.after")}</th>
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <tr key={item.field}>
            <th scope="row">{lang === "zh" ? item.label_zh : item.field.replaceAll("_", " ")}</th>
            <td>
              <del>{valueText(item.before, lang)}</del>
            </td>
            <td>
              <ins>{valueText(item.after, lang)}</ins>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
