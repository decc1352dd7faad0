import { useEffect } from "react";
import type { Contents, KindCount } from "../api/shapes";
import type { Translate } from "../i18n/text";
import { useApp, useParts } from "../state/context";
import { arrived, type Remote } from "../state/remote";
import { formatArea, formatLength, formatNumber, formatValue, type Lang } from "../units";

const SOURCES = ["plant", "boiler_house"];

export interface KeyFigure {
  key: "sources" | "substations" | "supply" | "buildings" | "users" | "area" | "monitoring" | "findings";
  label: string;
  value: string;
}

/** What the city holds, with the findings of the network check even when the server had not read the network before. */
export function useContents(): Remote<Contents> {
  const { controller } = useParts();
  const contents = useApp((state) => state.contents);
  const city = arrived(contents)?.city_id ?? null;
  const unread = city !== null && arrived(contents)?.finding_count === null;
  useEffect(() => {
    // a check that fails leaves its figure open; the planner's page says why
    if (unread) controller.countFindings().catch(() => undefined);
  }, [controller, unread]);
  return contents;
}

export function kindsOf(contents: Contents): KindCount[] {
  return contents.groups.flatMap((group) => group.kinds);
}

/** Number of assets of some kinds together. */
export function countOf(contents: Contents, kinds: readonly string[]): number {
  return kindsOf(contents)
    .filter((one) => kinds.includes(one.kind))
    .reduce((sum, one) => sum + one.count, 0);
}

export function groupCount(group: Contents["groups"][number]): number {
  return group.kinds.reduce((sum, one) => sum + one.count, 0);
}

/** The figures by which people know a city; a figure of something that the seat does not see is left out. */
export function keyFigures(contents: Contents, t: Translate, lang: Lang): KeyFigure[] {
  const monitoring = contents.groups.find(({ group }) => group === "monitoring");
  const number = (value: number) => formatNumber(value, 0, lang);
  const counted = [
    { key: "sources", value: countOf(contents, SOURCES) },
    { key: "substations", value: countOf(contents, ["substation"]) },
    { key: "buildings", value: countOf(contents, ["building"]) },
    { key: "monitoring", value: monitoring === undefined ? 0 : groupCount(monitoring) },
  ] as const;
  const [sources, substations, buildings, devices] = counted.map(({ key, value }) => ({
    key,
    label: t(`contents.${key}`),
    value: value === 0 ? "" : number(value),
  })) as [KeyFigure, KeyFigure, KeyFigure, KeyFigure];
  const { supply_length_m: metres, heat_user_count: users, heated_area_m2: area, finding_count: findings } = contents;
  const all: KeyFigure[] = [
    sources,
    substations,
    { key: "supply", label: t("contents.supply"), value: metres > 0 ? formatLength(metres, lang) : "" },
    buildings,
    { key: "users", label: t("contents.users"), value: users > 0 ? formatValue(users, "户", lang, 0) : "" },
    { key: "area", label: t("contents.area"), value: area > 0 ? formatArea(area, lang) : "" },
    devices,
    { key: "findings", label: t("contents.findings"), value: findings === null ? "…" : number(findings) },
  ];
  return all.filter(({ value }) => value !== "");
}
