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
import ColumnHeightOutlined from "@ant-design/icons/ColumnHeightOutlined";
import CompassOutlined from "@ant-design/icons/CompassOutlined";
import ControlOutlined from "@ant-design/icons/ControlOutlined";
import DashboardOutlined from "@ant-design/icons/DashboardOutlined";
import DisconnectOutlined from "@ant-design/icons/DisconnectOutlined";
import EnvironmentOutlined from "@ant-design/icons/EnvironmentOutlined";
import ExperimentOutlined from "@ant-design/icons/ExperimentOutlined";
import FireOutlined from "@ant-design/icons/FireOutlined";
import FlagOutlined from "@ant-design/icons/FlagOutlined";
import FundOutlined from "@ant-design/icons/FundOutlined";
import GatewayOutlined from "@ant-design/icons/GatewayOutlined";
import HeatMapOutlined from "@ant-design/icons/HeatMapOutlined";
import HistoryOutlined from "@ant-design/icons/HistoryOutlined";
import MoneyCollectOutlined from "@ant-design/icons/MoneyCollectOutlined";
import OrderedListOutlined from "@ant-design/icons/OrderedListOutlined";
import PieChartOutlined from "@ant-design/icons/PieChartOutlined";
import RadarChartOutlined from "@ant-design/icons/RadarChartOutlined";
import SafetyCertificateOutlined from "@ant-design/icons/SafetyCertificateOutlined";
import ScheduleOutlined from "@ant-design/icons/ScheduleOutlined";
import SwapOutlined from "@ant-design/icons/SwapOutlined";
import TableOutlined from "@ant-design/icons/TableOutlined";
import UploadOutlined from "@ant-design/icons/UploadOutlined";
import WarningOutlined from "@ant-design/icons/WarningOutlined";
import { type ComponentType, type KeyboardEvent, lazy, Suspense, useEffect, useState } from "react";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { groupOf, WORK_GROUPS, type WorkGroup, type WorkPanel } from "../state/work";

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
  section: lazy(() => import("./SectionPanel")),
  services: lazy(() => import("./ServicesPanel")),
  "rollout-map": lazy(() => import("./MapThemesPanel")),
  "rollout-overview": lazy(() => import("./RolloutOverviewPanel")),
  "rollout-rankings": lazy(() => import("./RolloutRankingsPanel")),
  "rollout-targets": lazy(() => import("./RolloutTargetsPanel")),
  "rollout-makeup": lazy(() => import("./RolloutMakeupPanel")),
  "rollout-money": lazy(() => import("./RolloutMoneyPanel")),
  "rollout-area": lazy(() => import("./RolloutAreaPanel")),
  "rollout-lists": lazy(() => import("./RolloutListsPanel")),
  "rollout-report": lazy(() => import("./RolloutReportPanel")),
  "rollout-live": lazy(() => import("./RolloutLivePanel")),
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
  section: ColumnHeightOutlined,
  services: ApiOutlined,
  "rollout-map": HeatMapOutlined,
  "rollout-overview": FundOutlined,
  "rollout-rankings": OrderedListOutlined,
  "rollout-targets": FlagOutlined,
  "rollout-makeup": PieChartOutlined,
  "rollout-money": MoneyCollectOutlined,
  "rollout-area": EnvironmentOutlined,
  "rollout-lists": TableOutlined,
  "rollout-report": UploadOutlined,
  "rollout-live": DashboardOutlined,
  layers: AppstoreOutlined,
};

const GROUPS = Object.keys(WORK_GROUPS) as WorkGroup[];
const NEXT_KEYS = ["ArrowRight", "ArrowDown"];
const BACK_KEYS = ["ArrowLeft", "ArrowUp"];

interface WorkBenchProps {
  /** With the planners' tools, as a rail beside the panel. */
  tools?: boolean;
  first?: WorkPanel;
  onClose?: () => void;
}

/** The panels people work in, one at a time; which one is in the address. */
export default function WorkBench({ tools = false, first, onClose }: WorkBenchProps) {
  const open = useApp((state) => state.view.panel) ?? first ?? null;
  const groups = tools ? GROUPS : GROUPS.filter((one) => one !== "network");
  return (
    <div className={tools ? "bench railed" : "bench"}>
      <BenchNav open={open} groups={groups} railed={tools} onClose={onClose} />
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

interface NavProps {
  open: WorkPanel | null;
  groups: readonly WorkGroup[];
  railed: boolean;
  onClose: (() => void) | undefined;
}

/** The groups of panels, and the panels of the group that the open one is in; a group opens the panel last seen in it. */
function BenchNav({ open, groups, railed, onClose }: NavProps) {
  const t = useText();
  const { desk } = useParts();
  const [last, setLast] = useState<Partial<Record<WorkGroup, WorkPanel>>>({});
  const found = open === null ? null : groupOf(open);
  const group = groups.find((one) => one === found) ?? groups[0] ?? "alarms";
  useEffect(() => {
    if (open !== null) setLast((before) => ({ ...before, [groupOf(open)]: open }));
  }, [open]);
  return (
    <nav className={railed ? "rail" : "bench-tabs"} aria-label={t("work.title")}>
      <div className="bench-groups">
        <GroupTabs
          groups={groups}
          chosen={group}
          upright={railed}
          onChoose={(one) => desk.open(last[one] ?? WORK_GROUPS[one][0])}
        />
        {onClose !== undefined && (
          <button type="button" className="bench-close" aria-label={t("app.close")} onClick={onClose}>
            ✕
          </button>
        )}
      </div>
      <ul aria-label={t(`work.group.${group}`)}>
        {WORK_GROUPS[group].map((panel) => (
          <li key={panel}>
            <PanelButton panel={panel} open={panel === open} icon={railed} />
          </li>
        ))}
      </ul>
    </nav>
  );
}

interface GroupTabsProps {
  groups: readonly WorkGroup[];
  chosen: WorkGroup;
  upright: boolean;
  onChoose(group: WorkGroup): void;
}

/** One stop of the tab key; arrows go from group to group. */
function GroupTabs({ groups, chosen, upright, onChoose }: GroupTabsProps) {
  const t = useText();
  return (
    <div role="tablist" aria-label={t("work.groups")} aria-orientation={upright ? "vertical" : "horizontal"}>
      {groups.map((group) => (
        <button
          key={group}
          type="button"
          role="tab"
          aria-selected={group === chosen}
          tabIndex={group === chosen ? 0 : -1}
          onKeyDown={step}
          onClick={() => onChoose(group)}
        >
          {t(`work.group.${group}`)}
        </button>
      ))}
    </div>
  );
}

/** Moves the focus to the neighbour of a tab, round at the ends. */
function step(event: KeyboardEvent<HTMLButtonElement>): void {
  const by = NEXT_KEYS.includes(event.key) ? 1 : BACK_KEYS.includes(event.key) ? -1 : 0;
  const tabs = [...(event.currentTarget.parentElement?.children ?? [])] as HTMLElement[];
  if (by === 0) return;
  event.preventDefault();
  tabs.at((tabs.indexOf(event.currentTarget) + by) % tabs.length)?.focus();
}

function PanelButton({ panel, open, icon }: { panel: WorkPanel; open: boolean; icon: boolean }) {
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
      {icon && (
        <i className="rail-icon" aria-hidden="true">
          <Icon />
        </i>
      )}
      <span>{t(`work.${panel}`)}</span>
    </button>
  );
}
