/** How valves are told to people. */

import type { Translate } from "../i18n/text";

const OPERABILITIES = ["usable", "stuck", "no_access", "tagged_out"] as const;

/** Why a valve cannot be operated; nothing for one that can. */
export function hindrance(t: Translate, operability: string): string {
  const known = OPERABILITIES.find((one) => one === operability);
  return known === undefined || known === "usable" ? "" : t(`operability.${known}`);
}
