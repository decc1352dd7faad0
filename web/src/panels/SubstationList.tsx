import { useEffect, useState } from "react";
import type { AssetItem } from "../api/shapes";
import { useText } from "../i18n/hooks";
import type { StatusTable } from "../live/table";
import { useApp, useParts } from "../state/context";
import { failed, LOADING, type Remote, ready } from "../state/remote";
import { isAlarm, statusName } from "../state/status";
import { Panel } from "./Panel";
import { RemoteNote } from "./RemoteNote";
import { StatusMark } from "./StatusMark";

/** Alarms first, the most urgent on top, then by name. */
export function sortByStatus(items: readonly AssetItem[], statuses: Pick<StatusTable, "get">): AssetItem[] {
  const urgency = (item: AssetItem) => {
    const code = statuses.get(item.asset_id) ?? 0;
    return isAlarm(code) ? code : 0;
  };
  return [...items].sort((a, b) => urgency(b) - urgency(a) || a.name.localeCompare(b.name, "zh"));
}

/** All substations with their live status: the list twin of the map. */
export function SubstationList({ onLoaded }: { onLoaded?: () => void }) {
  const t = useText();
  const { controller, statuses } = useParts();
  const city = useApp((state) => state.view.city);
  useApp((state) => state.live.revision);
  const [found, setFound] = useState<Remote<AssetItem[]>>(LOADING);
  useEffect(() => {
    if (city === null) return;
    controller.substations().then(
      (items) => {
        setFound(ready(items));
        onLoaded?.();
      },
      (error: Error) => setFound(failed(error.message)),
    );
  }, [controller, city, onLoaded]);
  const items = found.state === "ready" ? sortByStatus(found.value, statuses) : [];
  return (
    <Panel title={t("mobile.substations")} extra={<span className="count">{items.length}</span>}>
      <RemoteNote remote={found} />
      <ul className="rows">
        {items.map((item) => {
          const code = statuses.get(item.asset_id) ?? 0;
          return (
            <li key={item.asset_id} className="row">
              <button type="button" className="row-main" onClick={() => controller.visit(item.asset_id, item.position)}>
                <StatusMark code={code} />
                <span className="row-text">
                  <strong>{item.name || item.code}</strong>
                  <span className="row-detail">
                    {t(`status.${statusName(code)}`)} · {item.code}
                  </span>
                </span>
              </button>
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}
