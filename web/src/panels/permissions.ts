import type { TextKey } from "../i18n/text";
import { useApp } from "../state/context";
import { showsPast } from "../state/past";
import { arrived } from "../state/remote";

export type Permission =
  | "acknowledge_alarms"
  | "issue_warnings"
  | "run_drills"
  | "edit_alarm_rules"
  | "decide_problems"
  | "edit_archive"
  | "propose_changes"
  | "review_archive"
  | "plan"
  | "switch_valves"
  | "set_quality_rules"
  | "judge_quality"
  | "answer_quality";

/** Whether the past is looked at: nothing is written then. */
export function usePast(): boolean {
  return useApp((state) => showsPast(state.view));
}

/** Whether the seat may do something now: what it may not do has no button. The server checks again. */
export function useMay(permission: Permission): boolean {
  return useHindrance(permission, "app.failed") === null;
}

/** Why something cannot be done now: the past is looked at, or the text for a seat that may not; null: it can. */
export function useHindrance(permission: Permission, mayNot: TextKey): TextKey | null {
  const past = usePast();
  const may = useApp((state) => arrived(state.session)?.permissions.includes(permission) ?? false);
  if (!may) return mayNot;
  return past ? "past.readOnly" : null;
}
