/** The panels in which planners work, and what each of them holds in the address. */

/** All panels by what they are about. Those of the network are tools of planners, on `/plan` only. */
export const WORK_GROUPS = {
  network: ["trace", "isolation", "whatif", "causes", "leaks", "plans", "off-normal", "criticality"],
  alarms: ["incidents", "alarm-desk", "warnings", "alarm-rules", "alarm-kpis", "drills", "notices"],
  data: ["quality", "arrivals", "problems", "coverage", "datums"],
  archive: ["changes", "proposals", "statistics"],
  rollout: [
    "rollout-map",
    "rollout-live",
    "rollout-overview",
    "rollout-rankings",
    "rollout-targets",
    "rollout-makeup",
    "rollout-money",
    "rollout-area",
    "rollout-lists",
    "rollout-report",
  ],
  map: ["layers", "selection", "section", "services"],
} as const;
export type WorkGroup = keyof typeof WORK_GROUPS;
export type Tool = (typeof WORK_GROUPS)["network"][number];
export type WorkPanel = (typeof WORK_GROUPS)[WorkGroup][number];
const GROUPED = Object.entries(WORK_GROUPS) as [WorkGroup, readonly WorkPanel[]][];

/** What of a panel a shared link restores; no key is one of the view's own. */
const PANEL_KEYS = {
  incidents: ["incident", "list", "kind", "rule", "level"],
  "alarm-desk": ["alarm_state", "level", "kind", "rule", "company"],
  warnings: ["warning_state", "warning_type", "kind", "model"],
  "alarm-kpis": ["days"],
  "alarm-rules": ["rule"],
  drills: [],
  problems: ["rule", "severity", "state", "q", "area", "company", "problem"],
  arrivals: ["by", "list", "company"],
  quality: ["part", "by", "company", "rule", "point", "check", "check_state"],
  notices: [],
  changes: ["difference", "change", "from", "to", "origin", "seat", "kind"],
  proposals: ["decision", "proposal"],
  statistics: ["by", "paint", "area", "company"],
  coverage: ["of", "agreement", "object", "districts"],
  datums: ["part", "grid", "times"],
  selection: ["shape", "buffer", "kind"],
  section: ["line", "reach", "stretch"],
  services: ["crs", "sets", "style"],
  layers: [],
  "rollout-map": ["theme", "tier", "energy", "district", "at_stage", "year", "listed", "place", "project"],
  "rollout-overview": [],
  "rollout-rankings": ["by", "tier", "district"],
  "rollout-targets": ["place"],
  "rollout-makeup": ["place"],
  "rollout-money": [],
  "rollout-area": ["place"],
  "rollout-lists": ["list", "district", "technical"],
  "rollout-report": ["sheet"],
  "rollout-live": ["part", "area", "pollutant", "energy", "day"],
  trace: ["ask", "target", "set", "repair_h"],
  isolation: ["also", "alternative"],
  whatif: ["zone", "close", "open", "stop_pumps", "stop_sources", "leak", "outdoor", "job", "station"],
  causes: ["alarmed", "silent", "cause"],
  leaks: ["zone", "make_up", "candidate"],
  plans: ["plan", "plan_state"],
  "off-normal": ["valve"],
  criticality: ["segment"],
} as const satisfies Record<WorkPanel, readonly string[]>;
/** What of the selected asset a link restores: the tab of its panel, and the time as of which it is shown. */
const ASSET_KEYS = ["tab", "as_of"] as const;
/** Valves, sources and stuck valves as somebody supposes them (`sandbox.ts`), and the time whose states count (`past.ts`). */
const SANDBOX_KEYS = ["valves", "sources", "stuck", "states_as_of"] as const;
/** Tools show the details of what is selected on demand. */
const TOOL_KEYS = ["details"] as const;
/** Panels whose answers follow the sandbox, and the states of a past time. */
const SANDBOX_PANELS: readonly (WorkPanel | null)[] = ["trace", "isolation"];

export type WorkKey =
  | (typeof PANEL_KEYS)[WorkPanel][number]
  | (typeof ASSET_KEYS)[number]
  | (typeof SANDBOX_KEYS)[number]
  | (typeof TOOL_KEYS)[number];
export type Work = Readonly<Partial<Record<WorkKey, string>>>;

const LONGEST = 4000;
export const LONGEST_REPAIR_H = 10_000;

export function readPanel(query: URLSearchParams): WorkPanel | null {
  const name = query.get("panel");
  return GROUPED.flatMap(([, panels]) => panels).find((panel) => panel === name) ?? null;
}

/** The group a panel is in. */
export function groupOf(panel: WorkPanel): WorkGroup {
  return GROUPED.find(([, panels]) => panels.includes(panel))?.[0] ?? "alarms";
}

export function isTool(panel: WorkPanel | null): panel is Tool {
  return WORK_GROUPS.network.some((tool) => tool === panel);
}

export function hasSandbox(panel: WorkPanel | null): boolean {
  return SANDBOX_PANELS.includes(panel);
}

/** Whether the map draws what the selected asset cuts off: a tool that asks something else draws its own answer. */
export function showsImpact({ panel, work }: { panel: WorkPanel | null; work: Work }): boolean {
  return panel === "trace" ? (work.ask ?? "impact") === "impact" : !isTool(panel);
}

function keysOf(panel: WorkPanel | null, selected: number | null): readonly WorkKey[] {
  return [
    ...(panel === null ? [] : PANEL_KEYS[panel]),
    ...(hasSandbox(panel) ? SANDBOX_KEYS : []),
    ...(isTool(panel) ? TOOL_KEYS : []),
    ...(selected === null ? [] : ASSET_KEYS),
  ];
}

/** What a panel and the selected asset hold in an address. */
export function readWork(query: URLSearchParams, panel: WorkPanel | null, selected: number | null): Work {
  const found = keysOf(panel, selected).flatMap((key) => {
    const value = query.get(key);
    return value === null || value === "" || value.length > LONGEST || !fits(key, value) ? [] : [[key, value]];
  });
  return Object.fromEntries(found) as Work;
}

/** Times must be times, hours hours: anything else in an address falls back to the default. */
function fits(key: WorkKey, value: string): boolean {
  if (key === "as_of" || key === "states_as_of") return Number.isFinite(Date.parse(value));
  return key !== "repair_h" || (Number(value) >= 0 && Number(value) <= LONGEST_REPAIR_H);
}

/** Only what belongs to what is open is written: links stay short, and closed panels keep what they had. */
export function writeWork(query: URLSearchParams, work: Work, panel: WorkPanel | null, selected: number | null): void {
  for (const key of keysOf(panel, selected)) {
    const value = work[key];
    if (value !== undefined) query.set(key, value);
  }
}

/** A work with some keys set and those given as null taken away. */
export function patched(work: Work, patch: Readonly<Partial<Record<WorkKey, string | null>>>): Work {
  const next = { ...work, ...patch };
  const kept = Object.entries(next).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return Object.fromEntries(kept) as Work;
}
