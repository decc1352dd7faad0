import "./notices.css";
import MutedOutlined from "@ant-design/icons/MutedOutlined";
import SoundOutlined from "@ant-design/icons/SoundOutlined";
import { Button } from "antd";
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { markSeen, type Popup } from "../api/notices";
import { useText } from "../i18n/hooks";
import { listenToPopups } from "../live/popups";
import { mute, sound, soundState, watchSound } from "../live/tones";
import { currentCity } from "../state/app";
import { useApp, useParts } from "../state/context";
import {
  type Card,
  isFlood,
  isHeard,
  NO_POPUPS,
  type Popups,
  type TextCard,
  withMessage,
  without,
  withoutText,
} from "../state/popups";
import { arrived } from "../state/remote";
import { statusOfLevel } from "../state/status";
import { formatTime } from "../units";
import { AlarmFigure } from "./AlarmFigure";
import { StatusMark } from "./StatusMark";

/** Cards at once; what is not shown is counted, and confirmed with all others only. */
const SHOWN = window.matchMedia("(max-width: 700px)").matches ? 1 : 2;
/** The list of alarms holds no more than this: beyond it, missing from it says nothing. */
const LISTED = 1000;

/** Alarms that pop up on every page, with their sound, and whether there is any. */
export function NoticeCorner() {
  const t = useText();
  const { popups, drop, dropText } = usePopups();
  const flood = isFlood(popups, Date.now());
  return (
    <aside className="notice-corner" aria-label={t("notices.popups")}>
      {popups.cards.length > 0 && <Cards popups={popups} flood={flood} drop={drop} />}
      {popups.texts.length > 0 && <Texts texts={popups.texts} drop={dropText} />}
      <SoundMark />
    </aside>
  );
}

interface Corner {
  popups: Popups;
  drop: (gone: (card: Card) => boolean) => void;
  dropText: (noticeId: number) => void;
}

function usePopups(): Corner {
  const city = useApp((state) => state.view.city);
  const seat = useApp((state) => arrived(state.session)?.seat?.seat_id ?? null);
  const alarms = useApp((state) => state.alarms);
  const past = useApp((state) => state.view.at !== null);
  const [popups, setPopups] = useState<Popups>(NO_POPUPS);
  const known = useRef<ReadonlySet<number>>(new Set());
  // biome-ignore lint/correctness/useExhaustiveDependencies: another seat hears something else
  useEffect(() => {
    setPopups(NO_POPUPS);
    if (city === null) return;
    return listenToPopups(city, (message, fresh) => {
      setPopups((before) => hear(before, message, fresh));
    });
  }, [city, seat]);
  const drop = useCallback((gone: (card: Card) => boolean) => setPopups((before) => without(before, gone)), []);
  useEffect(() => {
    if (past || alarms.state !== "ready") return;
    const open = new Map(alarms.value.map((alarm) => [alarm.alarm_id, alarm]));
    // an alarm that was on the list and is not any more is over; a new one is not on it yet
    const over = (id: number) => alarms.value.length < LISTED && known.current.has(id) && !open.has(id);
    drop((card) => over(card.alarm_id) || (open.get(card.alarm_id)?.acknowledged ?? false));
    known.current = new Set(open.keys());
  }, [alarms, past, drop]);
  const dropText = useCallback((id: number) => setPopups((before) => withoutText(before, id)), []);
  return { popups, drop, dropText };
}

function hear(before: Popups, message: Popup, fresh: boolean): Popups {
  const after = withMessage(before, message, fresh ? Date.now() : null);
  if (fresh && !message.quality && isHeard(message.level, isFlood(after, Date.now()))) sound(message.level);
  return after;
}

interface CardsProps {
  popups: Popups;
  flood: boolean;
  drop: (gone: (card: Card) => boolean) => void;
}

function Cards({ popups, flood, drop }: CardsProps) {
  const t = useText();
  const city = useApp((state) => state.view.city ?? 0);
  const rest = popups.cards.length - SHOWN + popups.more;
  async function dismiss(cards: readonly Card[], whole: boolean): Promise<void> {
    const ids = new Set(cards.map((card) => card.alarm_id));
    drop((card) => ids.has(card.alarm_id));
    const messages = new Set(cards.map((card) => card.notice_id));
    const named = (id: number) => cards.filter((card) => card.notice_id === id).map((card) => card.alarm_id);
    await Promise.all([...messages].map((id) => markSeen(city, id, whole ? null : named(id))));
  }
  return (
    <>
      <ul className="popup-cards" aria-live="assertive">
        {popups.cards.slice(0, SHOWN).map((card) => (
          <PopupCard key={card.alarm_id} card={card} onDismiss={() => void dismiss([card], false)} />
        ))}
      </ul>
      {(rest > 0 || popups.cards.length > 1) && (
        <p className="popup-rest">
          {rest > 0 && <span>{t("notices.rest", { count: rest })}</span>}
          <Button size="small" onClick={() => void dismiss(popups.cards, true)}>
            {t("notices.dismissAll")}
          </Button>
        </p>
      )}
      {flood && <p className="popup-flood">{t("notices.flood")}</p>}
    </>
  );
}

/** The newest message about data quality; it makes no sound and is not red: nothing of the network is amiss. */
function Texts({ texts, drop }: { texts: readonly TextCard[]; drop: (noticeId: number) => void }) {
  const t = useText();
  const { desk } = useParts();
  const lang = useApp((state) => state.view.lang);
  const city = useApp((state) => state.view.city ?? 0);
  const card = texts[0];
  if (card === undefined) return null;
  const { text } = card;
  const lines = (lang === "zh" ? text.body_zh : text.body_en).split("\n");
  function look(): void {
    desk.open("quality");
    desk.set({ part: "alarms", company: text.company_id === null ? null : String(text.company_id) });
  }
  function read(): void {
    drop((card as TextCard).notice_id);
    void markSeen(city, (card as TextCard).notice_id, null);
  }
  return (
    <div className="popup quality-popup" role="status">
      <i aria-hidden="true" />
      <div className="row-text">
        <strong>{lang === "zh" ? text.title_zh : text.title_en}</strong>
        {lines.slice(0, SHOWN).map((line) => (
          <span key={line} className="row-detail">
            {line}
          </span>
        ))}
        <span className="popup-deeds">
          <Button size="small" type="primary" onClick={look}>
            {t("notices.detail")}
          </Button>
          <Button size="small" onClick={read}>
            {t("notices.dismiss")}
          </Button>
          {texts.length > 1 && <span>{t("notices.moreTexts", { count: texts.length - 1 })}</span>}
        </span>
      </div>
    </div>
  );
}

function PopupCard({ card, onDismiss }: { card: Card; onDismiss: () => void }) {
  const t = useText();
  const { controller } = useParts();
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "UTC");
  const advice = lang === "zh" ? card.advice_zh : card.advice_en || card.advice_zh;
  return (
    <li className={`popup level-${card.level}`} data-asset={card.asset_id} role="alert">
      <StatusMark code={statusOfLevel(card.level)} />
      <div className="row-text">
        <strong>{card.asset_name}</strong>
        <span className="row-detail">
          {t("alarm.level", { level: card.level })} · {lang === "zh" ? card.rule_zh : card.rule_en}
        </span>
        <span className="row-detail">
          <AlarmFigure of={card} />
          {formatTime(Date.parse(card.raised_at), zone, lang)}
        </span>
        {card.after_min > 0 && <em className="popup-late">{t("notices.late", { minutes: card.after_min })}</em>}
        {advice !== "" && <span className="row-detail">{t("notices.advice", { advice })}</span>}
        <span className="popup-deeds">
          <Button size="small" type="primary" onClick={() => controller.visit(card.asset_id, card.position)}>
            {t("notices.detail")}
          </Button>
          <Button size="small" onClick={onDismiss}>
            {t("notices.dismiss")}
          </Button>
        </span>
      </div>
    </li>
  );
}

/** Says whether alarms can be heard; a press turns the sound on or off. */
export function SoundMark() {
  const t = useText();
  const state = useSyncExternalStore(watchSound, soundState);
  const why = state === "blocked" ? "notices.soundBlocked" : "notices.soundPress";
  return (
    <button
      type="button"
      className={`sound-mark ${state}`}
      data-sound={state}
      title={t(why)}
      onClick={() => mute(state === "on")}
    >
      <i aria-hidden="true">{state === "on" ? <SoundOutlined /> : <MutedOutlined />}</i>{" "}
      {t(state === "on" ? "notices.soundOn" : "notices.soundOff")}
    </button>
  );
}
