import AimOutlined from "@ant-design/icons/AimOutlined";
import AlertOutlined from "@ant-design/icons/AlertOutlined";
import ApartmentOutlined from "@ant-design/icons/ApartmentOutlined";
import ApiOutlined from "@ant-design/icons/ApiOutlined";
import AppstoreOutlined from "@ant-design/icons/AppstoreOutlined";
import AuditOutlined from "@ant-design/icons/AuditOutlined";
import BarChartOutlined from "@ant-design/icons/BarChartOutlined";
import BellOutlined from "@ant-design/icons/BellOutlined";
import BgColorsOutlined from "@ant-design/icons/BgColorsOutlined";
import BorderOuterOutlined from "@ant-design/icons/BorderOuterOutlined";
import BugOutlined from "@ant-design/icons/BugOutlined";
import CloudUploadOutlined from "@ant-design/icons/CloudUploadOutlined";
import CompassOutlined from "@ant-design/icons/CompassOutlined";
import ControlOutlined from "@ant-design/icons/ControlOutlined";
import DashboardOutlined from "@ant-design/icons/DashboardOutlined";
import DisconnectOutlined from "@ant-design/icons/DisconnectOutlined";
import ExperimentOutlined from "@ant-design/icons/ExperimentOutlined";
import FireOutlined from "@ant-design/icons/FireOutlined";
import GatewayOutlined from "@ant-design/icons/GatewayOutlined";
import HistoryOutlined from "@ant-design/icons/HistoryOutlined";
import RadarChartOutlined from "@ant-design/icons/RadarChartOutlined";
import SafetyCertificateOutlined from "@ant-design/icons/SafetyCertificateOutlined";
import ScheduleOutlined from "@ant-design/icons/ScheduleOutlined";
import SwapOutlined from "@ant-design/icons/SwapOutlined";
import WarningOutlined from "@ant-design/icons/WarningOutlined";
import { type ComponentType, lazy, Suspense } from "react";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { TOOLS, WORK_PANELS, type WorkPanel } from "../state/work";

const PANELS: Record<WorkPanel, ComponentType> = {
  incidents: lazy(() => import("./IncidentsPanel")),
  trace: lazy(() => import("./TracePanel")),
  isolation: lazy(() => import("./IsolationPanel")),
  whatif: lazy(() => import("./WhatIfPanel")),
  causes: lazy(() => import("./CausesPanel")),
  leaks: lazy(() => import("./LeaksPanel")),
  plans: lazy(() => import("./PlansPanel")),
  "off-normal": lazy(() => import("./OffNormalPanel")),
  criticality: lazy(() => import("./CriticalityPanel")),
  "alarm-desk": lazy(() => import("./AlarmDeskPanel")),
  warnings: lazy(() => import("./WarningsPanel")),
  "alarm-kpis": lazy(() => import("./AlarmKpisPanel")),
  "alarm-rules": lazy(() => import("./AlarmRulesPanel")),
  drills: lazy(() => import("./DrillsPanel")),
  problems: lazy(async () => ({ default: (await import("./ProblemsPanel")).ProblemsPanel })),
  arrivals: lazy(() => import("./ArrivalsPanel")),
  quality: lazy(() => import("./QualityPanel")),
  notices: lazy(() => import("./NoticesPanel")),
  changes: lazy(async () => ({ default: (await import("./ChangesPanel")).ChangesPanel })),
  proposals: lazy(async () => ({ default: (await import("./ProposalsPanel")).ProposalsPanel })),
  statistics: lazy(async () => ({ default: (await import("./StatisticsPanel")).StatisticsPanel })),
  coverage: lazy(async () => ({ default: (await import("./CoveragePanel")).CoveragePanel })),
  datums: lazy(async () => ({ default: (await import("./DatumsPanel")).DatumsPanel })),
  selection: lazy(async () => ({ default: (await import("./SelectionPanel")).SelectionPanel })),
  services: lazy(() => import("./ServicesPanel")),
  layers: lazy(async () => ({ default: (await import("./LayerPanel")).LayerPanel })),
};

const ICONS: Record<WorkPanel, ComponentType> = {
  incidents: AlertOutlined,
  trace: ApartmentOutlined,
  isolation: DisconnectOutlined,
  whatif: ExperimentOutlined,
  causes: AimOutlined,
  leaks: BgColorsOutlined,
  plans: ScheduleOutlined,
  "off-normal": SwapOutlined,
  criticality: RadarChartOutlined,
  "alarm-desk": BellOutlined,
  warnings: WarningOutlined,
  "alarm-kpis": DashboardOutlined,
  "alarm-rules": ControlOutlined,
  drills: FireOutlined,
  problems: BugOutlined,
  arrivals: CloudUploadOutlined,
  quality: SafetyCertificateOutlined,
  notices: BellOutlined,
  changes: HistoryOutlined,
  proposals: AuditOutlined,
  statistics: BarChartOutlined,
  coverage: BorderOuterOutlined,
  datums: CompassOutlined,
  selection: GatewayOutlined,
  services: ApiOutlined,
  layers: AppstoreOutlined,
};

interface WorkBenchProps {
  /** With the planners' tools, as a rail beside the panel. */
  tools?: boolean;
  first?: WorkPanel;
  onClose?: () => void;
}

/** The panels people work in, one at a time; which one is in the address. */
export default function WorkBench({ tools = false, first, onClose }: WorkBenchProps) {
  const open = useApp((state) => state.view.panel) ?? first ?? null;
  return (
    <div className={tools ? "bench railed" : "bench"}>
      {tools ? <Rail open={open} /> : <Tabs open={open} onClose={onClose} />}
      {open !== null && <OpenPanel key={open} panel={open} />}
    </div>
  );
}

function OpenPanel({ panel }: { panel: WorkPanel }) {
  const t = useText();
  const Shown = PANELS[panel];
  return (
    <Suspense fallback={<p className="panel empty">{t("app.loading")}</p>}>
      <Shown />
    </Suspense>
  );
}

/** Tools of the network above, the archive below. */
function Rail({ open }: { open: WorkPanel | null }) {
  const t = useText();
  return (
    <nav className="rail" aria-label={t("work.title")}>
      {[TOOLS, WORK_PANELS].map((group, i) => (
        <ul key={group[0]} aria-label={t(i === 0 ? "work.tools" : "work.archive")}>
          {group.map((panel) => (
            <li key={panel}>
              <RailButton panel={panel} open={panel === open} />
            </li>
          ))}
        </ul>
      ))}
    </nav>
  );
}

function RailButton({ panel, open }: { panel: WorkPanel; open: boolean }) {
  const t = useText();
  const { desk } = useParts();
  const Icon = ICONS[panel];
  return (
    <button
      type="button"
      aria-current={open ? "page" : undefined}
      title={t(`${panel}.title`)}
      onClick={() => desk.open(panel)}
    >
      <i className="rail-icon" aria-hidden="true">
        <Icon />
      </i>
      <span>{t(`work.${panel}`)}</span>
    </button>
  );
}

function Tabs({ open, onClose }: { open: WorkPanel | null; onClose: (() => void) | undefined }) {
  const t = useText();
  const { desk } = useParts();
  return (
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
  );
}
