/** Warnings (预警) as marks over the map: shape and digit by level, label by type; pure. */

import type { Warning } from "../api/alarmDesk";
import { type MarkSign, type Marks, markedPoint } from "../state/marks";

/** The standard's colours of levels 2 to 4; level 1 is not drawn in red, which is an alarm's, but has a shape of its own. */
export const WARNING_COLOURS = ["#f0abfc", "#fb923c", "#facc15", "#60a5fa"] as const;

export function warningSign(level: number): MarkSign {
  return `warning-${level}` as MarkSign;
}

export function warningMarks(
  warnings: readonly Warning[],
  lang: "zh" | "en",
  levelText: (level: number) => string,
): Marks {
  const typeOf = (one: Warning) => (lang === "zh" ? one.type_zh : one.type_en);
  const levels = [...new Set(warnings.map(({ level }) => level))].sort();
  return {
    // the highest level is drawn last, on top
    features: [...warnings]
      .sort((a, b) => b.level - a.level)
      .flatMap((one) =>
        markedPoint(one.position, {
          colour: WARNING_COLOURS[one.level - 1] ?? WARNING_COLOURS[3],
          sign: warningSign(one.level),
          label: typeOf(one),
          ...(one.asset_id === null ? {} : { asset_id: one.asset_id }),
          ...(one.asset_kind === null ? {} : { kind: one.asset_kind }),
        }),
      ),
    ids: [],
    legend: levels.map((level) => ({
      colour: WARNING_COLOURS[level - 1] ?? WARNING_COLOURS[3],
      label: levelText(level),
      sign: warningSign(level),
    })),
    dims: false,
  };
}
