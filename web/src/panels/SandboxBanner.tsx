import { Button } from "antd";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { countOf, NO_SANDBOX, sandboxOf } from "../state/sandbox";

/** Says over the map that answers follow what somebody supposes, and takes it all back. */
export function SandboxBanner() {
  const t = useText();
  const { planning } = useParts();
  const count = useApp((state) => countOf(sandboxOf(state.view)));
  if (count === 0) return null;
  return (
    <div className="sandbox-banner" role="status">
      <strong>{t("sandbox.banner")}</strong>
      <span>{t("sandbox.count", { count })}</span>
      <Button size="small" onClick={() => planning.suppose(() => NO_SANDBOX)}>
        {t("sandbox.reset")}
      </Button>
    </div>
  );
}
