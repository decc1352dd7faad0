import { Button, Select } from "antd";
import { useState } from "react";
import * as server from "../api/server";
import type { Alarm } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { currentCity } from "../state/app";
import { useApp, useParts } from "../state/context";
import { formatTime } from "../units";
import { useMay } from "./permissions";
import { type Deed, ReasonBox } from "./ReasonBox";
import { RemoteNote } from "./RemoteNote";
import { useAnswer } from "./useAnswer";

const SHELF_HOURS = [1, 4, 24, 168] as const;
const HOUR_MS = 3_600_000;

/** What an alarm is besides open, in words: a colour alone tells nobody anything. */
export function AlarmTags({ alarm }: { alarm: Alarm }) {
  const t = useText();
  const tags = [
    alarm.confirmed && t("alarm.confirmed"),
    alarm.shelved_until !== null && t("alarm.shelved"),
    alarm.suppressed && t("alarm.suppressed"),
    alarm.out_of_service && t("alarm.outOfService"),
    alarm.false_alarm === true && t("alarm.judgedFalse"),
    alarm.false_alarm === false && t("alarm.judgedTrue"),
    alarm.standing && t("alarm.standing"),
    alarm.chattering && t("alarm.chattering"),
  ].filter((tag) => tag !== false);
  if (tags.length === 0) return null;
  return (
    <span className="alarm-tags">
      {tags.map((tag) => (
        <em key={tag}>{tag}</em>
      ))}
    </span>
  );
}

/** What can be done with an alarm, and its log. */
export function AlarmDetails({ alarm }: { alarm: Alarm }) {
  const t = useText();
  const { controller } = useParts();
  const may = useMay("acknowledge_alarms");
  const city = useApp((state) => state.view.city ?? 0);
  const [hours, setHours] = useState<number>(SHELF_HOURS[0]);
  const [done, setDone] = useState(0);
  async function act(action: server.AlarmAction, body: server.AlarmBody): Promise<void> {
    await server.actOnAlarm(city, alarm.alarm_id, action, body);
    setDone((before) => before + 1);
    await controller.refreshAlarms();
  }
  const deed = (label: string, action: server.AlarmAction, more: Partial<server.AlarmBody> = {}): Deed => ({
    label,
    act: (note) => act(action, { note, ...more }),
  });
  const until = () => new Date(Date.now() + hours * HOUR_MS).toISOString();
  const deeds: Deed[] = [
    deed(t("alarm.comment"), "comment"),
    alarm.shelved_until === null
      ? { label: t("alarm.shelve"), act: (note) => act("shelve", { note, until: until() }) }
      : deed(t("alarm.unshelve"), "unshelve"),
    alarm.out_of_service
      ? deed(t("alarm.backInService"), "return-to-service")
      : deed(t("alarm.takeOutOfService"), "out-of-service"),
    deed(t("alarm.judgeFalse"), "verdict", { false_alarm: true }),
    deed(t("alarm.judgeTrue"), "verdict", { false_alarm: false }),
  ];
  return (
    <section className="alarm-details" aria-label={t("alarm.detailsOf", { name: alarm.asset_name })}>
      {may && (
        <>
          <p className="deeds">
            {alarm.acknowledged && !alarm.confirmed && (
              <Button size="small" type="primary" onClick={() => void act("confirm", { note: "" })}>
                {t("alarm.confirm")}
              </Button>
            )}
            {alarm.shelved_until === null && (
              <Select
                size="small"
                aria-label={t("alarm.shelfTime")}
                value={hours}
                onChange={setHours}
                options={SHELF_HOURS.map((value) => ({ value, label: t("alarm.shelfHours", { hours: value }) }))}
              />
            )}
          </p>
          <ReasonBox deeds={deeds} />
        </>
      )}
      <AlarmLog alarm={alarm} done={done} />
    </section>
  );
}

function AlarmLog({ alarm, done }: { alarm: Alarm; done: number }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const city = useApp((state) => state.view.city ?? 0);
  const zone = useApp((state) => currentCity(state)?.zone ?? "UTC");
  const key = `alarm ${alarm.alarm_id} ${done} ${alarm.acknowledged} ${alarm.active}`;
  const log = useAnswer(key, () => server.alarmLog(city, alarm.alarm_id));
  return (
    <>
      <RemoteNote remote={log} />
      <ol className="alarm-log" aria-label={t("alarm.log")}>
        {log.state === "ready" &&
          log.value.map((line) => (
            <li key={line.transition_id}>
              <time>{formatTime(Date.parse(line.happened_at), zone, lang)}</time>{" "}
              <b>{t(`alarm.was.${line.transition}` as "alarm.was.raised")}</b>{" "}
              <span>{line.seat === "rules" ? t("alarm.byRules") : line.seat}</span>
              {line.note !== "" && <q>{line.note}</q>}
            </li>
          ))}
      </ol>
    </>
  );
}
