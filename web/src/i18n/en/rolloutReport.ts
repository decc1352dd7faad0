import type { rolloutReport as chinese } from "../zh/rolloutReport";

/** The panel in which a district reports by sheets. */
export const rolloutReport: Record<keyof typeof chinese, string> = {
  "work.rollout-report": "Report",
  "rollout-report.title": "Reports of the rollout",
  "rollout-report.register": "Register",
  "rollout-report.template": "Template:",
  "rollout-report.choose": "Choose a filled sheet",
  "rollout-report.hint":
    "XLSX or CSV, up to 20,000 rows; it is tried first. All or nothing: one fault keeps the whole sheet out.",
  "rollout-report.checking": "Trying…",
  "rollout-report.faults": "{count} faults, nothing was written; mend them and choose the file again",
  "rollout-report.ready": "No fault: {rows} rows, {new} new, {changed} changed, {unchanged} the same",
  "rollout-report.same": "Nothing differs from what is stored ({rows} rows)",
  "rollout-report.nothing": "The sheet holds no rows",
  "rollout-report.notes": "{count} cells were mended",
  "rollout-report.row": "Row",
  "rollout-report.column": "Column",
  "rollout-report.value": "Value",
  "rollout-report.what": "What is wrong",
  "rollout-report.bring": "Bring in",
  "rollout-report.reason": "Why, for instance: report of October",
  "rollout-report.done": "Brought in: {new} new, {changed} changed; change {change}",
  "rollout-report.changes": "Rows that change",
  "rollout-report.new": "new",
  "rollout-report.changed": "changed",
  "rollout-report.may": "This seat may not edit the archive; it can take templates only",
  "rollout-report.more": "{count} more are not listed",
};
