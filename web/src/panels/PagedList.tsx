import { type ReactNode, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { useText } from "../i18n/hooks";
import { useApp } from "../state/context";
import { formatNumber } from "../units";
import { seenRows } from "./window";

const PAGE = 100;

interface PagedListProps<T> {
  /** What is listed; another key is another list, from its top. */
  listKey: string;
  label: string;
  rowHeight: number;
  page(offset: number, limit: number): Promise<{ total: number; items: readonly T[] }>;
  onTotal?(total: number): void;
  empty: string;
  children(item: T, index: number): ReactNode;
}

/** A list of any length: only rows that are seen are in the page, and only their pages are asked for. */
export function PagedList<T>(props: PagedListProps<T>) {
  const { listKey, label, rowHeight, page, onTotal, empty, children } = props;
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const city = useApp((state) => state.view.city);
  const revision = useApp((state) => state.archiveRevision);
  const box = useRef<HTMLDivElement>(null);
  const [pages, setPages] = useState<ReadonlyMap<number, readonly T[]>>(new Map());
  const [total, setTotal] = useState<number | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const asked = useRef(new Set<number>());
  const asking = useRef({ page, onTotal });
  asking.current = { page, onTotal };
  const list = useRef(0);

  const ask = useCallback((number: number): void => {
    if (asked.current.has(number)) return;
    asked.current.add(number);
    const of = list.current;
    asking.current.page(number * PAGE, PAGE).then(
      (answer) => {
        if (of !== list.current) return;
        setFailure(null);
        setPages((before) => new Map(before).set(number, answer.items));
        setTotal(answer.total);
        asking.current.onTotal?.(answer.total);
      },
      (error: Error) => of === list.current && setFailure(error.message),
    );
  }, []);

  // another list starts anew from its top
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says which list this is
  useLayoutEffect(() => {
    setPages(new Map());
    setTotal(null);
    box.current?.scrollTo({ top: 0 });
  }, [listKey, city]);
  // after a change the rows that are here stay until the new ones come
  // biome-ignore lint/correctness/useExhaustiveDependencies: so does a change of the archive
  useEffect(() => {
    list.current += 1;
    asked.current = new Set();
    if (city !== null) ask(Math.floor((box.current?.scrollTop ?? 0) / rowHeight / PAGE));
  }, [listKey, city, revision, ask, rowHeight]);

  const seen = seenRows(view.top, view.height, rowHeight, total ?? 0, PAGE);
  const wanted = seen.pages.join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: pages by their names
  useEffect(() => {
    if (total !== null) for (const number of seen.pages) ask(number);
  }, [wanted, ask, total]);

  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = () => setView({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", measure);
    };
  }, []);

  const rows = Array.from({ length: seen.last - seen.first }, (_, i) => seen.first + i);
  return (
    <div className="paged">
      <p className="total" data-testid="list-total">
        {total === null
          ? failure === null
            ? t("app.loading")
            : ""
          : t("list.total", { count: formatNumber(total, 0, lang) })}
      </p>
      {failure !== null && (
        <p className="failed" role="alert">
          {t("app.failed", { message: failure })}
        </p>
      )}
      {total === 0 && <p className="empty">{empty}</p>}
      <div className="paged-box" ref={box}>
        <ul aria-label={label} style={{ height: (total ?? 0) * rowHeight }}>
          {rows.map((index) => {
            const item = pages.get(Math.floor(index / PAGE))?.[index % PAGE];
            return (
              <li
                key={index}
                aria-setsize={total ?? -1}
                aria-posinset={index + 1}
                style={{ top: index * rowHeight, height: rowHeight }}
              >
                {item === undefined ? <span className="empty">…</span> : children(item, index)}
              </li>
            );
          })}
        </ul>
      </div>
    </div>
  );
}
