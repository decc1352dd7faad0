import { Button } from "antd";
import { useEffect, useState } from "react";
import { useText } from "../i18n/hooks";
import { currentCity } from "../state/app";
import { useApp, useParts } from "../state/context";
import { statesAsOf } from "../state/past";
import { formatTime } from "../units";
import { isoToLocal, localToIso } from "./time";

/** The time whose valve and source states answers count with: now, or any time that is over. */
export function PastBox() {
  const t = useText();
  const { desk, store } = useParts();
  const zone = useApp((state) => currentCity(state)?.zone ?? "UTC");
  const time = useApp((state) => statesAsOf(state.view));
  const own = useApp((state) => state.view.work.states_as_of !== undefined);
  const shown = time === null ? "" : isoToLocal(time, zone);
  const [typed, setTyped] = useState(shown);
  useEffect(() => setTyped(shown), [shown]);
  const clock = store.get().clock;
  const last = isoToLocal(new Date(clock.asOfMs ?? Date.now()).toISOString(), zone);
  const iso = typed === "" ? null : localToIso(typed, zone);
  const future = iso !== null && typed > last;
  const ask = (): void => {
    if (!future) desk.set({ states_as_of: iso });
  };
  return (
    <form
      className="past-box"
      aria-label={t("past.title")}
      onSubmit={(event) => {
        event.preventDefault();
        ask();
      }}
    >
      <label>
        <span>{t("past.title")}</span>
        <input
          type="datetime-local"
          step={1}
          max={last}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          onBlur={ask}
        />
      </label>
      <Button size="small" htmlType="submit" disabled={typed === shown || future}>
        {t("past.ask")}
      </Button>
      {own && (
        <Button size="small" onClick={() => desk.set({ states_as_of: null })}>
          {t("past.now")}
        </Button>
      )}
      {future && <p className="failed">{t("past.future")}</p>}
    </form>
  );
}

/** Says over the map that states of the past are shown, and leads back. */
export function PastStatesBanner() {
  const t = useText();
  const { controller, desk } = useParts();
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "UTC");
  const time = useApp((state) => statesAsOf(state.view));
  if (time === null) return null;
  const back = () => {
    desk.set({ states_as_of: null });
    controller.goLiveFromReplay();
  };
  return (
    <div className="sandbox-banner past-banner" role="status">
      <strong>{t("past.banner", { time: formatTime(Date.parse(time), zone, lang) })}</strong>
      <span>{t("past.readOnly")}</span>
      <Button size="small" onClick={back}>
        {t("past.now")}
      </Button>
    </div>
  );
}
