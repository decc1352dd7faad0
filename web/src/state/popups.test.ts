import { describe, expect, it } from "vitest";
import type { Popup } from "../api/notices";
import { isFlood, isHeard, NO_POPUPS, withMessage, without, withoutText } from "./popups";

const alarm = (alarm_id: number, level: number) =>
  ({ alarm_id, level, raised_at: `2026-01-15T04:00:0${alarm_id % 10}Z` }) as Popup["alarms"][number];
const message = (notice_id: number, alarms: Popup["alarms"], total = alarms.length): Popup => ({
  notice_id,
  made_at: "2026-01-15T04:00:00Z",
  after_min: 0,
  level: 1,
  total,
  alarms,
});

describe("pop-ups", () => {
  it("put the most urgent first and keep one card an alarm", () => {
    const one = withMessage(NO_POPUPS, message(1, [alarm(1, 3), alarm(2, 1)]), 0);
    const two = withMessage(one, message(2, [alarm(1, 3)], 5), 0);
    expect(two.cards.map((card) => [card.alarm_id, card.notice_id])).toEqual([
      [2, 1],
      [1, 2],
    ]);
    expect(two.more).toBe(4);
  });

  it("forget what is gone, and the rest with the last card", () => {
    const shown = withMessage(NO_POPUPS, message(1, [alarm(1, 1)], 30), 0);
    expect(without(shown, () => false)).toBe(shown);
    expect(without(shown, (card) => card.alarm_id === 1)).toMatchObject({ cards: [], more: 0 });
  });

  it("hold messages about data quality apart: no alarm, no flood, gone when read", () => {
    const quality = { count: 2, company_id: 1, title_zh: "数据质量告警", title_en: "", body_zh: "", body_en: "" };
    const shown = withMessage(NO_POPUPS, { ...message(3, []), quality }, 1000);
    expect(withMessage(shown, { ...message(3, []), quality }, 2000).texts).toHaveLength(1);
    expect(shown.cards).toEqual([]);
    expect(shown.arrived).toEqual([]);
    expect(withMessage(shown, message(4, [alarm(1, 1)]), 2000).texts).toEqual(shown.texts);
    expect(withoutText(shown, 3).texts).toEqual([]);
  });

  it("are a flood with more than ten alarms in ten minutes, in which only the most urgent is heard", () => {
    const shown = withMessage(NO_POPUPS, message(1, [alarm(1, 2)], 11), 1000);
    expect(isFlood(shown, 2000)).toBe(true);
    expect(isFlood(shown, 700_000)).toBe(false);
    expect(isFlood(withMessage(NO_POPUPS, message(1, [alarm(1, 2)], 11), null), 0)).toBe(false);
    expect([1, 2, 3].map((level) => isHeard(level, true))).toEqual([true, false, false]);
    expect(isHeard(3, false)).toBe(true);
  });
});
