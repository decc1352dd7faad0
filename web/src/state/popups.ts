/** What pops up: messages of the server as cards, one an alarm; pure. */

import type { Popup, PopupAlarm, QualityText } from "../api/notices";

export interface Card extends PopupAlarm {
  notice_id: number;
  after_min: number;
}

/** A message about data quality: a text, no alarm of operation. */
export interface TextCard {
  notice_id: number;
  made_at: string;
  text: QualityText;
}

export interface Popups {
  /** The most urgent first. */
  cards: readonly Card[];
  /** Alarms that messages counted and did not name. */
  more: number;
  /** Messages about data quality, the newest first. */
  texts: readonly TextCard[];
  /** When how many alarms came, for the flood; epoch milliseconds. */
  arrived: readonly (readonly [atMs: number, alarms: number])[];
}

export const NO_POPUPS: Popups = { cards: [], more: 0, texts: [], arrived: [] };
/** More alarms than this in ten minutes are a flood (ISA-18.2). */
export const FLOOD = 10;
const WINDOW_MS = 600_000;
const MOST_CARDS = 200;
const MOST_TEXTS = 20;

/** What was there and a message; one of an alarm that has a card already takes its place. */
export function withMessage(before: Popups, message: Popup, atMs: number | null): Popups {
  if (message.quality) {
    const { notice_id, made_at, quality } = message;
    const others = before.texts.filter((one) => one.notice_id !== notice_id);
    return { ...before, texts: [{ notice_id, made_at, text: quality }, ...others].slice(0, MOST_TEXTS) };
  }
  const fresh = message.alarms.map((alarm) => ({
    ...alarm,
    notice_id: message.notice_id,
    after_min: message.after_min,
  }));
  const named = new Set(fresh.map((card) => card.alarm_id));
  const cards = [...fresh, ...before.cards.filter((card) => !named.has(card.alarm_id))].sort(
    (a, b) => a.level - b.level || Date.parse(b.raised_at) - Date.parse(a.raised_at),
  );
  const arrived =
    atMs === null
      ? before.arrived
      : [...before.arrived.filter(([at]) => at > atMs - WINDOW_MS), [atMs, message.total] as const];
  return {
    cards: cards.slice(0, MOST_CARDS),
    texts: before.texts,
    more: before.more + message.total - message.alarms.length,
    arrived,
  };
}

/** Without some alarms: confirmed, acknowledged, or over. */
export function without(before: Popups, gone: (card: Card) => boolean): Popups {
  const cards = before.cards.filter((card) => !gone(card));
  if (cards.length === before.cards.length) return before;
  return { ...before, cards, more: cards.length === 0 ? 0 : before.more };
}

/** Without a message about data quality that was read. */
export function withoutText(before: Popups, noticeId: number): Popups {
  return { ...before, texts: before.texts.filter((one) => one.notice_id !== noticeId) };
}

export function isFlood(popups: Popups, nowMs: number): boolean {
  const recent = popups.arrived.filter(([at]) => at > nowMs - WINDOW_MS);
  return recent.reduce((sum, [, alarms]) => sum + alarms, 0) > FLOOD;
}

/** Whether an alarm of a level may be heard: in a flood only the most urgent. */
export function isHeard(level: number, flood: boolean): boolean {
  return level === 1 || !flood;
}
