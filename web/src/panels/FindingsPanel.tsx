import { useEffect, useState } from "react";
import type { Findings } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { kindName, ruleName } from "../i18n/text";
import { useApp, useParts } from "../state/context";
import { failed, LOADING, type Remote, ready } from "../state/remote";
import { formatNumber } from "../units";
import { Panel } from "./Panel";
import { RemoteNote } from "./RemoteNote";

const NAMED = 3;

/** What the check of the network found: how often each rule; a rule opens to its places. */
export function FindingsPanel() {
  const t = useText();
  const found = useFindings(null);
  return (
    <Panel title={t("findings.title")} className="findings">
      <RemoteNote remote={found} />
      {found.state === "ready" && <RuleList counts={found.value.counts} rules={found.value.rules} />}
    </Panel>
  );
}

function useFindings(rule: string | null): Remote<Findings> {
  const { controller } = useParts();
  const city = useApp((state) => state.view.city);
  const [found, setFound] = useState<Remote<Findings>>(LOADING);
  useEffect(() => {
    if (city === null) return;
    controller.findings(rule).then(
      (answer) => setFound(ready(answer)),
      (error: Error) => setFound(failed(error.message)),
    );
  }, [controller, city, rule]);
  return found;
}

function RuleList({ counts, rules }: { counts: Findings["counts"]; rules: Findings["rules"] }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const [open, setOpen] = useState<string | null>(null);
  const entries = Object.entries(counts);
  if (entries.length === 0) return <p className="empty">{t("findings.none")}</p>;
  return (
    <ul className="rule-list">
      {entries.map(([rule, count]) => (
        <li key={rule}>
          <button
            type="button"
            aria-expanded={rule === open}
            title={rules[rule]}
            onClick={() => setOpen(rule === open ? null : rule)}
          >
            <span>{ruleName(lang, rule)}</span>
            <b>{formatNumber(count, 0, lang)}</b>
          </button>
          {rule === open && <Places key={rule} rule={rule} />}
        </li>
      ))}
    </ul>
  );
}

function Places({ rule }: { rule: string }) {
  const t = useText();
  const { controller } = useParts();
  const lang = useApp((state) => state.view.lang);
  const found = useFindings(rule);
  if (found.state !== "ready") return <RemoteNote remote={found} />;
  const { items, counts } = found.value;
  const left = (counts[rule] ?? 0) - items.length;
  return (
    <ul className="rows">
      {items.map((item) => (
        <li key={`${item.asset_ids.join()}:${item.message}`} className="row">
          <button
            type="button"
            className="row-main"
            title={item.message}
            disabled={item.asset_ids[0] === undefined}
            onClick={() => controller.visit(item.asset_ids[0] ?? 0, item.position)}
          >
            <span className="row-text">
              <span className="row-detail">{places(lang, item)}</span>
            </span>
          </button>
        </li>
      ))}
      {left > 0 && <li className="empty">{t("findings.more", { count: formatNumber(left, 0, lang) })}</li>}
    </ul>
  );
}

/** Name the assets of a finding: kind and id of the first few, and how many there are. */
function places(lang: "zh" | "en", item: Findings["items"][number]): string {
  const named = item.asset_ids.slice(0, NAMED).map((id, i) => `${kindName(lang, item.kinds[i] ?? "")} ${id}`);
  const rest = item.asset_ids.length - named.length;
  return named.join(lang === "zh" ? "、" : ", ") + (rest > 0 ? ` +${rest}` : "");
}
