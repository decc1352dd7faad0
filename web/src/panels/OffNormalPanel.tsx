import { useText } from "../i18n/hooks";
import { Panel } from "./Panel";
import { Subject } from "./Subject";

export default function OffNormalPanel() {
  const t = useText();
  return (
    <Panel title={t("off-normal.title")} className="work-panel tool-panel">
      <Subject />
    </Panel>
  );
}
