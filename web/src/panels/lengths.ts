import type { LengthRow } from "../api/records";
import type { Lang } from "../units";

export const BREAKDOWNS = ["class", "laying", "dn_band", "material", "age"] as const;
export type Breakdown = (typeof BREAKDOWNS)[number];

export function breakdownOf(text: string | undefined): Breakdown {
  return BREAKDOWNS.find((one) => one === text) ?? "class";
}

export interface ClassTable {
  name: string;
  rows: LengthRow[];
  totalKm: number;
}

/** Rows class by class, in the order that they came in; classes without any pipe are left out. */
export function tablesOf(rows: readonly LengthRow[]): ClassTable[] {
  const names = [...new Set(rows.map((row) => row.class))];
  return names
    .map((name) => {
      const inside = rows.filter((row) => row.class === name);
      const counted = inside.filter(({ band }) => band !== "renewed");
      return { name, rows: inside, totalKm: counted.reduce((sum, row) => sum + (row.supply_km ?? 0), 0) };
    })
    .filter(({ rows: inside }) => inside.some((row) => row.pipes > 0));
}

/** Names by which the map is coloured: those of the classes themselves, or of the bands that hold a pipe. */
export function bandNames(rows: readonly LengthRow[], by: Breakdown): string[] {
  const shown = rows.filter((row) => row.pipes > 0 || by === "dn_band" || by === "age");
  const names = shown.map((row) => (by === "class" ? row.class : row.band));
  return [...new Set(names)].filter((name) => name !== "total" && name !== "renewed");
}

export function rowLabel(row: LengthRow, lang: Lang): string {
  return lang === "zh" ? row.label_zh : row.label_en;
}
