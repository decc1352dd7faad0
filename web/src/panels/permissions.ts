import { useApp } from "../state/context";
import { arrived } from "../state/remote";

export type Permission =
  | "decide_problems"
  | "edit_archive"
  | "propose_changes"
  | "review_archive"
  | "plan"
  | "switch_valves";

/** Whether the seat may do something: what it may not do has no button. The server checks again. */
export function useMay(permission: Permission): boolean {
  return useApp((state) => arrived(state.session)?.permissions.includes(permission) ?? false);
}
