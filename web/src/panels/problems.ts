import type { Problem, ProblemState, Rule, Severity } from "../api/records";
import type { Lang } from "../units";

export const SEVERITIES: readonly Severity[] = ["error", "warning", "notice"];
export const STATES: readonly ProblemState[] = ["open", "accepted", "dismissed", "reverted", "gone"];
/** States that a rule is counted by; what is gone is listed only. */
type Counted = Exclude<ProblemState, "gone">;

export interface RuleGroup {
  group: string;
  rules: Rule[];
  counts: Record<Severity, number>;
  total: number;
}

const GROUP_ORDER = ["geometry", "duplicates", "place", "attributes", "codes", "relations", "network", "coverage"];

export function ruleCount(rule: Rule, state: ProblemState): number | null {
  return state === "gone" ? null : (rule[state satisfies Counted] ?? 0);
}

/** Rules by group in the order of the field, the most frequent first; those that match nothing are left out. */
export function groupRules(rules: readonly Rule[], state: ProblemState, severities: readonly Severity[]): RuleGroup[] {
  const shown = rules.filter((rule) => severities.includes(rule.severity) && ruleCount(rule, state) !== 0);
  const names = [...new Set(shown.map(({ group }) => group))].sort((a, b) => place(a) - place(b));
  return names.map((group) => {
    const inside = shown.filter((rule) => rule.group === group);
    const counts = { error: 0, warning: 0, notice: 0 };
    for (const rule of inside) counts[rule.severity] += ruleCount(rule, state) ?? 0;
    const byCount = [...inside].sort((a, b) => (ruleCount(b, state) ?? 0) - (ruleCount(a, state) ?? 0));
    return { group, rules: byCount, counts, total: counts.error + counts.warning + counts.notice };
  });
}

function place(group: string): number {
  const at = GROUP_ORDER.indexOf(group);
  return at < 0 ? GROUP_ORDER.length : at;
}

/** The severities that an address asks for; all of them when it names none. */
export function severitiesOf(text: string | undefined): readonly Severity[] {
  const wanted = SEVERITIES.filter((one) => text?.split(",").includes(one));
  return wanted.length === 0 ? SEVERITIES : wanted;
}

export function stateOf(text: string | undefined): ProblemState {
  return STATES.find((one) => one === text) ?? "open";
}

export function messageOf(problem: Problem, lang: Lang): string {
  return lang === "zh" ? problem.message_zh : problem.message_en;
}

/** What a problem is about, in a few words: name and code of its first asset, and how many more there are. */
export function subjectOf(problem: Problem): string {
  const own = [problem.name, problem.row_code ?? problem.code].filter((one) => one !== "").join(" · ");
  const more = problem.asset_count > 1 ? ` +${problem.asset_count - 1}` : "";
  return own === "" ? problem.asset_ids.slice(0, 3).join(", ") : own + more;
}
