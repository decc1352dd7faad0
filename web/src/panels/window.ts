/** Rows of a long list that have to be in the page, with the pages of the server that hold them. */
export interface Seen {
  first: number;
  last: number;
  pages: number[];
}

/** Rows above and below what is seen, so that scrolling shows no holes. */
const AROUND = 6;

/**
 * First and last row (exclusive) that a scrolled box shows, of `total` rows of one height, and the pages of `page` rows
 * to which they belong.
 */
export function seenRows(top: number, height: number, rowHeight: number, total: number, page: number): Seen {
  const last = Math.max(0, Math.min(total, Math.ceil((top + height) / rowHeight) + AROUND));
  const first = Math.min(Math.max(0, Math.floor(top / rowHeight) - AROUND), last);
  const pages: number[] = [];
  if (last > first) {
    for (let one = Math.floor(first / page); one <= Math.floor((last - 1) / page); one += 1) pages.push(one);
  }
  return { first, last, pages };
}
