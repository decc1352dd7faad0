import { Button, Segmented } from "antd";
import { useEffect, useRef, useState } from "react";
import { useText } from "../i18n/hooks";
import { currentCity } from "../state/app";
import { useApp, useParts } from "../state/context";
import { formatDate, formatTime } from "../units";
import { isoToLocal, localToIso, useNow } from "./time";

const SPEEDS = [1, 10, 60, 600, 3600] as const;
const FIRST_SPEED = 60;
const STEP_MS = 600_000;
/** What is younger may not have come yet; the server refuses it. */
const PRESENT_MS = 120_000;
const MINUTE_MS = 60_000;

/** While the past is played: a frame round the page, the time that is shown, and what moves it. */
export function ReplayBar() {
  const replay = useApp((state) => state.clock.mode === "replay");
  return replay ? <Bar /> : null;
}

function Bar() {
  const t = useText();
  const { controller } = useParts();
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "Asia/Shanghai");
  const speed = useApp((state) => state.replaySpeed);
  const [chosen, setChosen] = useState(speed === 0 ? FIRST_SPEED : speed);
  const now = useNow();
  const stepMs = useStepMs(now, speed);
  function choose(next: number): void {
    setChosen(next);
    if (speed !== 0) controller.setReplaySpeed(next);
  }
  return (
    <>
      <div className="replay-frame" aria-hidden="true" />
      <section className="replay-bar" aria-label={t("app.replay")}>
        <strong className="replay-mark" role="status">
          {t("replay.mark")}
        </strong>
        <time dateTime={new Date(now).toISOString()}>
          {formatDate(now, zone, lang)} {formatTime(now, zone, lang, false)}
        </time>
        <Button size="small" aria-label={t("replay.back")} onClick={() => controller.replayAt(now - STEP_MS)}>
          −10′
        </Button>
        <Button size="small" type="primary" onClick={() => controller.setReplaySpeed(speed === 0 ? chosen : 0)}>
          {t(speed === 0 ? "replay.play" : "replay.pause")}
        </Button>
        <Button
          size="small"
          aria-label={t("replay.on")}
          disabled={now + STEP_MS > Date.now() - PRESENT_MS}
          onClick={() => controller.replayAt(now + STEP_MS)}
        >
          +10′
        </Button>
        <Segmented
          size="small"
          aria-label={t("replay.speed")}
          options={SPEEDS.map((value) => ({ value, label: `${value}×` }))}
          value={chosen}
          onChange={choose}
        />
        {stepMs >= MINUTE_MS && (
          <span className="replay-step" title={t("replay.stepWhy")}>
            {t("replay.step", { minutes: Math.round(stepMs / MINUTE_MS) })}
          </span>
        )}
        <Seek now={now} zone={zone} />
        <Button size="small" onClick={() => controller.goLive()}>
          {t("app.goLive")}
        </Button>
      </section>
    </>
  );
}

/** How much of the past lay between the last two states that were shown; 0 while it is paused. */
function useStepMs(now: number, speed: number): number {
  const [stepMs, setStepMs] = useState(0);
  const before = useRef(now);
  useEffect(() => {
    const moved = now - before.current;
    before.current = now;
    if (speed === 0) setStepMs(0);
    else if (moved > 0) setStepMs(moved);
  }, [now, speed]);
  return stepMs;
}

/** Another time, in the city's zone. */
function Seek({ now, zone }: { now: number; zone: string }) {
  const t = useText();
  const { controller } = useParts();
  const [typed, setTyped] = useState<string | null>(null);
  const shown = typed ?? isoToLocal(new Date(now).toISOString(), zone);
  const iso = localToIso(shown, zone);
  const last = Date.now() - PRESENT_MS;
  const future = iso !== null && Date.parse(iso) > last;
  // what is typed stands until it is asked for; else the field follows the replay
  useEffect(() => {
    if (typed === "") setTyped(null);
  }, [typed]);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (iso === null || future) return;
        setTyped(null);
        controller.replayAt(Date.parse(iso));
      }}
    >
      <input
        type="datetime-local"
        step={1}
        aria-label={t("replay.time")}
        max={isoToLocal(new Date(last).toISOString(), zone)}
        value={shown}
        onChange={(event) => setTyped(event.target.value)}
      />
      <Button size="small" htmlType="submit" disabled={typed === null || future}>
        {t("replay.go")}
      </Button>
      {future && <span className="failed">{t("replay.future")}</span>}
    </form>
  );
}
