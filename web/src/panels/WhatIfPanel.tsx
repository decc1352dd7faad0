import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { Panel } from "./Panel";
import { PresentLine } from "./PresentLine";
import { useMay } from "./permissions";
import { Subject } from "./Subject";
import { WhatIfAnswer } from "./WhatIfAnswer";
import { WhatIfChanges } from "./WhatIfChanges";
import { Run, Running, useJob } from "./WhatIfRun";
import { ZoneChoice } from "./WhatIfZone";
import { isOver, questionOf } from "./whatIf";

/** What would happen to one zone's pressures: valves, pumps, sources, a leak, the weather. */
export default function WhatIfPanel() {
  const t = useText();
  const { desk } = useParts();
  const work = useApp((state) => state.view.work);
  const chosen = useApp((state) => state.view.selected !== null);
  const may = useMay("plan");
  const question = questionOf(work);
  const job = useJob(work.job);
  const busy = job !== null && !isOver(job.state);
  return (
    <Panel title={t("whatif.title")} className="work-panel tool-panel whatif-panel">
      {chosen && <Subject />}
      <ZoneChoice />
      <WhatIfChanges />
      {may ? <Run question={question} busy={busy} /> : <p className="note">{t("whatif.notAllowed")}</p>}
      {job !== null && <Running job={job} />}
      {job?.result != null && <WhatIfAnswer result={job.result} onClear={() => desk.set({ job: null })} />}
      {job === null && <PresentLine />}
    </Panel>
  );
}
