import { useText } from "../i18n/hooks";
import type { Remote } from "../state/remote";

/** Says that something is on its way or did not come; nothing once it is here. */
export function RemoteNote({ remote }: { remote: Remote<unknown> }) {
  const t = useText();
  if (remote.state === "loading") return <p className="empty">{t("app.loading")}</p>;
  if (remote.state === "failed") {
    return (
      <p className="failed" role="alert">
        {t("app.failed", { message: remote.message })}
      </p>
    );
  }
  return null;
}
