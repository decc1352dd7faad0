import { useEffect, useState } from "react";
import type { Findings } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { failed, LOADING, type Remote, ready } from "../state/remote";
import { formatNumber } from "../units";
import { Panel } from "./Panel";
import { RemoteNote } from "./RemoteNote";

/** What the check of the network found: how often each rule, then the places. */
export function FindingsPanel() {
  const t = useText();
  const { controller } = useParts();
  const city = useApp((state) => state.view.city);
  const [found, setFound] = useState<Remote<Findings>>(LOADING);
  useEffect(() => {
    if (city === null) return;
    controller.findings().then(
      (answer) => setFound(ready(answer)),
      (error: Error) => setFound(failed(error.message)),
    );
  }, [controller, city]);
  return (
    <Panel title={t("findings.title")} className="findings">
      <RemoteNote remote={found} />
      {found.state === "ready" && <FindingList findings={found.value} />}
    </Panel>
  );
}

function FindingList({ findings }: { findings: Findings }) {
  const t = useText();
  const { controller } = useParts();
  const lang = useApp((state) => state.view.lang);
  if (findings.items.length === 0) return <p className="empty">{t("findings.none")}</p>;
  return (
    <>
      <ul className="status-list">
        {Object.entries(findings.counts).map(([rule, count]) => (
          <li key={rule} title={findings.rules[rule]}>
            <span>{rule.replaceAll("_", " ")}</span>
            <b>{formatNumber(count, 0, lang)}</b>
          </li>
        ))}
      </ul>
      <ul className="rows">
        {findings.items.map((item) => (
          <li key={`${item.rule}:${item.asset_ids.join()}:${item.message}`} className="row">
            <button
              type="button"
              className="row-main"
              disabled={item.asset_ids[0] === undefined}
              onClick={() => controller.visit(item.asset_ids[0] ?? 0, item.position)}
            >
              <span className="row-text">
                <span className="row-detail">{item.message}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
