import { useText } from "../i18n/hooks";
import { currentCity } from "../state/app";
import { useApp, useParts } from "../state/context";
import { formatTime } from "../units";
import { RemoteNote } from "./RemoteNote";
import { useAnswer } from "./useAnswer";

/** How a valve stood when, and who said so; the last record first. */
export function ValveHistoryList({ id }: { id: number }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "UTC");
  const { planning } = useParts();
  const found = useAnswer(`history of valve ${id}`, () => planning.valveHistory(id));
  if (found.state !== "ready") return <RemoteNote remote={found} />;
  const { items } = found.value;
  return (
    <details className="named valve-history" open={items.length > 0 || undefined}>
      <summary>
        {t("valve.history")} <b>{found.value.total}</b>
      </summary>
      {items.length === 0 && <p className="empty">{t("valve.noHistory")}</p>}
      <ol aria-label={t("valve.history")}>
        {items.map((record) => (
          <li key={record.operation_id}>
            <b>{t(`valve.${record.state}`)}</b>
            {record.operability !== null && <em>{t(`operability.${record.operability}`)}</em>}
            <time>{formatTime(Date.parse(record.changed_at), zone, lang)}</time>
            <span className="row-detail">
              {[t(`origin.valve.${record.origin}`), record.seat, record.note].filter(Boolean).join(" · ")}
            </span>
          </li>
        ))}
      </ol>
    </details>
  );
}
