import { useEffect, useState } from "react";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { failed, LOADING, type Remote, ready } from "../state/remote";
import { Panel } from "./Panel";
import { RemoteNote } from "./RemoteNote";

/** What the check of the network found. */
export function FindingsPanel() {
  const t = useText();
  const { controller } = useParts();
  const city = useApp((state) => state.view.city);
  const [found, setFound] = useState<Remote<unknown>>(LOADING);
  useEffect(() => {
    if (city === null) return;
    controller.findings().then(
      (answer) => setFound(ready(answer)),
      (error: Error) => setFound(failed(error.message)),
    );
  }, [controller, city]);
  return (
    <Panel title={t("findings.title")}>
      <RemoteNote remote={found} />
      <p className="empty">{t("findings.none")}</p>
    </Panel>
  );
}
