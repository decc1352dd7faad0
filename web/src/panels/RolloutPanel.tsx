import type { District } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { useApp } from "../state/context";
import { formatArea, formatShare } from "../units";
import { Panel } from "./Panel";
import { RemoteNote } from "./RemoteNote";

/** Clean-heating rates of the districts, lowest first, against their targets. */
export function RolloutPanel() {
  const t = useText();
  const rollout = useApp((state) => state.rollout);
  const items = rollout.state === "ready" ? [...rollout.value.items].sort((a, b) => (a.rate ?? 2) - (b.rate ?? 2)) : [];
  const month = rollout.state === "ready" && rollout.value.month !== null && (
    <span className="count">{rollout.value.month}</span>
  );
  return (
    <Panel title={t("rollout.title")} className="rollout" extra={month}>
      <RemoteNote remote={rollout} />
      <ul className="bars">
        {items.map((item) => (
          <Bar key={item.area_id} item={item} />
        ))}
      </ul>
      {rollout.state === "ready" && <p className="note">{t("rollout.formula")}</p>}
    </Panel>
  );
}

function Bar({ item }: { item: District }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  return (
    <li>
      <span>{item.name}</span>
      <b>{formatShare(item.rate, lang)}</b>
      <i className="bar" aria-hidden="true">
        <i style={{ width: `${Math.min(1, item.rate ?? 0) * 100}%` }} />
        <em style={{ left: `${Math.min(1, item.target_rate) * 100}%` }} />
      </i>
      <small>
        {t("rollout.target")} {formatShare(item.target_rate, lang)} · {formatArea(item.heated_area_m2, lang)}
      </small>
    </li>
  );
}
