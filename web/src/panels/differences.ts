import type { Difference, Json } from "../api/records";
import type { KindAttribute } from "../api/shapes";
import { formatNumber, type Lang, MISSING } from "../units";

/** A value of the archive as people read it; geometry is told by its type and size, not by its numbers. */
export function valueText(value: unknown, lang: Lang): string {
  if (value === null || value === undefined || value === "") return MISSING;
  if (typeof value === "boolean") return value ? "✓" : "✗";
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : formatNumber(value, 4, lang);
  if (typeof value === "object") return geometryText(value as Json) ?? JSON.stringify(value);
  return String(value);
}

function geometryText(value: Json): string | null {
  const { type, coordinates } = value;
  if (typeof type !== "string" || !Array.isArray(coordinates)) return null;
  if (type === "Point")
    return coordinates
      .slice(0, 2)
      .map((one) => Number(one).toFixed(6))
      .join(", ");
  return `${type} · ${vertexCount(coordinates)}`;
}

function vertexCount(nested: readonly unknown[]): number {
  if (typeof nested[0] === "number") return 1;
  return nested.reduce<number>((sum, part) => sum + (Array.isArray(part) ? vertexCount(part) : 0), 0);
}

/** What differs between the attributes before and after a repair, by name. */
export function attributeDifferences(before: Json | null, after: Json | null): Difference[] {
  if (after === null) return [];
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after)])].sort();
  return names
    .map((field) => ({ field, label_zh: field, before: before?.[field] ?? null, after: after[field] ?? null }))
    .filter((one) => JSON.stringify(one.before) !== JSON.stringify(one.after));
}

/** The kind whose catalogue names the differences; null for none to name, a row of a register, an asset that has ended. */
export function kindThatNames(
  subject: { kind: string; register: string | null },
  differences: readonly Difference[],
): string | null {
  return differences.length === 0 || subject.register !== null || subject.kind === "" ? null : subject.kind;
}

/** A difference with the catalogue's name of its field, and the meanings of codes. */
export function named(item: Difference, attributes: readonly KindAttribute[]): Difference {
  const attribute = attributes.find(({ name }) => name === item.field);
  if (attribute === undefined) return item;
  const meaning = (value: unknown) => attribute.codes[String(value)] ?? value;
  return { ...item, label_zh: attribute.label_zh, before: meaning(item.before), after: meaning(item.after) };
}
