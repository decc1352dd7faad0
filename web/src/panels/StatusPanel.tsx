import { useText } from "../i18n/hooks";
import { useApp } from "../state/context";
import { STATUS_NAMES } from "../state/status";
import { formatNumber } from "../units";
import { Panel } from "./Panel";
import { StatusMark } from "./StatusMark";

/** Number of assets by live status; also the legend of the stations' colours. */
export function StatusPanel() {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const counts = useApp((state) => state.live.counts);
  return (
    <Panel title={t("status.title")} className="statuses">
      <ul className="status-list">
        {STATUS_NAMES.map((name, code) => (
          <li key={name}>
            <StatusMark code={code} />
            <span>{t(`status.${name}`)}</span>
            <b>{formatNumber(counts[code] ?? 0, 0, lang)}</b>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
