import { useText } from "../i18n/hooks";
import { Panel } from "./Panel";
import { Subject } from "./Subject";

export default function TracePanel() {
  const t = useText();
  return (
    <Panel title={t("trace.title")} className="work-panel tool-panel">
      <Subject />
    </Panel>
  );
}
