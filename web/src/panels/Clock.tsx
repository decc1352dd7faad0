import { Button } from "antd";
import { useText } from "../i18n/hooks";
import { currentCity } from "../state/app";
import { useApp, useParts } from "../state/context";
import { formatDate, formatTime } from "../units";
import { useNow } from "./time";

/** A replay begins an hour ago; its bar leads elsewhere. */
const HOUR_MS = 3_600_000;

/** The page's one clock and what feeds it. */
export function Clock() {
  const t = useText();
  const { controller } = useParts();
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "Asia/Shanghai");
  const connection = useApp((state) => state.live.connection);
  const replay = useApp((state) => state.clock.mode === "replay");
  const now = useNow();
  return (
    <span className="clock">
      <time dateTime={new Date(now).toISOString()}>
        <span className="clock-date">{formatDate(now, zone, lang)} </span>
        {formatTime(now, zone, lang, false)}
      </time>
      {replay ? (
        <Button size="small" onClick={() => controller.goLive()}>
          {t("app.replay")} · {t("app.goLive")}
        </Button>
      ) : (
        <>
          <span className={`feed feed-${connection}`}>{t(`feed.${connection}`)}</span>
          <Button size="small" onClick={() => controller.replayAt(now - HOUR_MS)}>
            {t("app.replay")}
          </Button>
        </>
      )}
    </span>
  );
}
