import { expect, it } from "vitest";
import type { AreaFigures, FigureDefinition, Part } from "../api/rolloutFigures";
import {
  doneShare,
  energyOf,
  energyShares,
  figureName,
  figureText,
  formulaText,
  moneyTree,
  monthCourse,
  RANKINGS,
  ranked,
  rankingOf,
  ringOf,
  suppliersOf,
} from "./rollout";
import { courseOption, moneyOption, radarOption, ringOption } from "./rolloutCharts";

const LOOK = { lang: "zh", textPx: 12 } as const;

function area(area_id: number, figures: Record<string, number | null>): AreaFigures {
  return { area_id, kind: "district", code: "", name: `区${area_id}`, parent_id: 0, figures };
}

function part(key: string, row_count: number, more: Partial<Part> = {}): Part {
  return { key, row_count, amount: null, planned: null, done: null, ...more };
}

function definition(name: string, unit: string, more: Partial<FigureDefinition> = {}): FigureDefinition {
  return { name, name_zh: `名${name}`, formula: "", unit, source: "targets", decimals: 1, ...more };
}

it("shows what is not known as nothing, and never as 0", () => {
  expect(figureText(null, definition("a", "户"), "zh")).toBeNull();
  expect(figureText(0, definition("a", "户"), "zh")).toBe("0 户");
  expect(figureText(0.8123, definition("a", "1"), "zh")).toBe("81.2 %");
  expect(figureText(258_734_000, definition("a", "元"), "zh")).toBe("2.59 亿元");
  expect(figureText(258_734_000, definition("a", "元"), "en")).toBe("258.73 million CNY");
  expect(figureText(3, definition("a", "户"), "en")).toBe("3 households");
});

it("names figures and their formulas in words", () => {
  const finished = definition("finished_count", "户", { name_zh: "完成户数" });
  const target = definition("target_household_count", "户", { name_zh: "目标户数" });
  const rate = definition("completion_rate", "1", { formula: "finished_count / target_household_count" });
  const all = new Map([finished, target, rate].map((one) => [one.name, one]));
  expect(formulaText(rate, all, "zh")).toBe("完成户数 ÷ 目标户数");
  expect(formulaText(rate, all, "en")).toBe("finished_count / target_household_count");
  expect(figureName(definition("co2_avoided_t", "t"), "en")).toBe("CO₂ avoided");
});

it("ranks the highest first, ties on one place, the unknown last and without a place", () => {
  const areas = [
    area(1, { completion_rate: null }),
    area(2, { completion_rate: 0.5, target_household_count: 10, finished_count: 5 }),
    area(3, { completion_rate: 0.9 }),
    area(4, { completion_rate: 0.5 }),
  ];
  const rows = ranked(areas, rankingOf(undefined));
  expect(rows.map(({ area: one, place }) => [one.area_id, place])).toEqual([
    [3, 1],
    [2, 2],
    [4, 2],
    [1, null],
  ]);
  expect(rows[1]).toMatchObject({ whole: 10, part: 5 });
  const faults = rankingOf("ticket_count");
  expect(ranked([area(1, { ticket_count: 9 }), area(2, { ticket_count: 2 })], faults)[0]?.area.area_id).toBe(2);
});

it("ranks payments by the three sources together", () => {
  const payment = RANKINGS.find(({ name }) => name === "payment_rate");
  const figures = { payment_rate: 0.5, planned_central_cny: 6, planned_local_cny: 4, paid_central_cny: 5 };
  expect(payment && ranked([area(1, figures)], payment)[0]).toMatchObject({ whole: 10, part: 5 });
});

it("puts the seventeen device types under three energies", () => {
  expect(["热泵风机4P", "蓄热式电暖气"].map(energyOf)).toEqual(["electric", "electric"]);
  expect(["颗粒炉+地暖", "秸秆炉+散热器"].map(energyOf)).toEqual(["biomass", "biomass"]);
  // its help is electric, it is solar all the same
  expect(["太阳能+热泵", "太阳能+蓄热式电暖气"].map(energyOf)).toEqual(["solar", "solar"]);
  const groups = ringOf([part("热泵风机4P", 3), part("太阳能+热泵", 2), part("热泵水机5P", 4), part("燃气炉", 1)]);
  expect(groups.map(({ energy, count }) => [energy, count])).toEqual([
    ["electric", 7],
    ["solar", 2],
    [null, 1],
  ]);
  const series = ringOption(groups, (energy) => energy ?? "?", LOOK).series as { data: { value: number }[] }[];
  const [inner, outer] = series.map(({ data }) => data.map(({ value }) => value));
  expect(inner).toEqual([7, 2, 1]);
  expect(outer).toEqual([3, 4, 2, 1]);
});

it("shares clean area by energy, and leaves what is unknown unknown", () => {
  const shares = energyShares({ clean_heat_m2: 60, clean_electric_m2: 40, clean_gas_m2: 0 });
  expect(shares.map(({ share }) => share)).toEqual([0.6, 0.4, null, null, 0, null]);
});

it("gives suppliers their share and mean score", () => {
  const rows = suppliersOf([part("甲", 30, { done: 2 }), part("乙", 10)], [part("甲", 4, { amount: 18 })]);
  expect(rows).toEqual([
    { name: "甲", households: 30, share: 0.75, tickets: 2, score: 4.5, answers: 4 },
    { name: "乙", households: 10, share: 0.25, tickets: null, score: null, answers: 0 },
  ]);
});

it("draws the radar of types that have a scale, and money paid above plan as full", () => {
  const parts = [part("热泵", 1, { amount: 10, done: 4 }), part("燃气", 1, { amount: null }), part("燃煤", 2)];
  expect(parts.map(doneShare)).toEqual([0.4, null, null]);
  const radar = radarOption(parts, { target: "t", done: "d" }, LOOK);
  expect((radar.series as { data: { value: number[] }[] }[])[0]?.data.map(({ value }) => value)).toEqual([[100], [40]]);
  const tree = moneyTree([area(1, { planned_central_cny: 10, paid_central_cny: 12 }), area(2, {})]);
  expect(tree.map(({ planned, paid }) => [planned, paid])).toEqual([
    [10, 12],
    [null, null],
    [null, null],
  ]);
  const drawn = moneyOption(tree, (source) => source, LOOK).series as { data: { children: object[] }[] }[];
  expect(drawn[0]?.data[0]?.children).toMatchObject([{ name: "区1 120 %", value: 10, itemStyle: { opacity: 1 } }]);
  expect(drawn[0]?.data).toHaveLength(1);
});

it("adds the regions of a month and keeps months in order", () => {
  const course = monthCourse([
    { month: "2026-02", heated_area_m2: 100, clean_heat_m2: 50, clean_gas_m2: 10 },
    { month: "2026-01", heated_area_m2: 100, clean_heat_m2: 50 },
    { month: "2026-02", heated_area_m2: 100, clean_heat_m2: 60 },
    { month: "2026-03", heated_area_m2: 0 },
    { month: "nonsense", heated_area_m2: 5 },
  ]);
  expect(course.map(({ label, present }) => [label, present])).toEqual([
    ["2026-01", 0.5],
    ["2026-02", 0.6],
    ["2026-03", null],
  ]);
  const option = courseOption(course, { target: "t", present: "p" }, true, LOOK);
  expect((option.series as object[]).length).toBe(1);
});
