import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { WORK_PANELS, type WorkPanel } from "../state/work";
import { ChangesPanel } from "./ChangesPanel";
import { CoveragePanel } from "./CoveragePanel";
import { DatumsPanel } from "./DatumsPanel";
import { LayerPanel } from "./LayerPanel";
import { ProblemsPanel } from "./ProblemsPanel";
import { ProposalsPanel } from "./ProposalsPanel";
import { SelectionPanel } from "./SelectionPanel";
import { StatisticsPanel } from "./StatisticsPanel";

/** The panels people work in, one at a time; which one is in the address. */
export default function WorkBench({ first, onClose }: { first?: WorkPanel; onClose?: () => void }) {
  const t = useText();
  const { desk } = useParts();
  const open = useApp((state) => state.view.panel) ?? first ?? null;
  return (
    <div className="bench">
      <nav className="bench-tabs" aria-label={t("work.title")}>
        {WORK_PANELS.map((panel) => (
          <button
            key={panel}
            type="button"
            aria-current={panel === open ? "page" : undefined}
            onClick={() => desk.open(panel)}
          >
            {t(`work.${panel}`)}
          </button>
        ))}
        {onClose !== undefined && (
          <button type="button" className="bench-close" aria-label={t("app.close")} onClick={onClose}>
            ✕
          </button>
        )}
      </nav>
      {open !== null && <OpenPanel panel={open} />}
    </div>
  );
}

function OpenPanel({ panel }: { panel: WorkPanel }) {
  switch (panel) {
    case "problems":
      return <ProblemsPanel />;
    case "changes":
      return <ChangesPanel />;
    case "proposals":
      return <ProposalsPanel />;
    case "statistics":
      return <StatisticsPanel />;
    case "coverage":
      return <CoveragePanel />;
    case "datums":
      return <DatumsPanel />;
    case "selection":
      return <SelectionPanel />;
    case "layers":
      return <LayerPanel />;
  }
}
