/** Asset ids as the address holds them: `12,15`. */

const LARGEST = 2 ** 31 - 1;

/** The ids of a text, each once, in their order; what is no id is left out. */
export function readIds(text: string | undefined): number[] {
  const ids = (text ?? "").split(",").map((part) => (/^\d+$/.test(part.trim()) ? Number(part) : 0));
  return [...new Set(ids)].filter((id) => id > 0 && id <= LARGEST);
}

export function writeIds(ids: readonly number[]): string | null {
  return ids.length === 0 ? null : ids.join(",");
}

/** The ids with one more, or without it when it was among them. */
export function toggledId(ids: readonly number[], id: number): number[] {
  return ids.includes(id) ? ids.filter((one) => one !== id) : [...ids, id];
}
