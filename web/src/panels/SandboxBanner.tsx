import { Button } from "antd";
import { useEffect } from "react";
import { useText } from "../i18n/hooks";
import type { Translate } from "../i18n/text";
import { VALVE_COLOURS } from "../map/valvePictures";
import { useApp, useParts } from "../state/context";
import { type MarkFeature, type MarkStyle, markedPoint, type ValveSign } from "../state/marks";
import { countOf, NO_SANDBOX, type Sandbox, sandboxKey, sandboxOf } from "../state/sandbox";

const STOPPED = "#94a3b8";
const NOTHING: readonly MarkFeature[] = [];

/** Says over the map that answers follow what somebody supposes, and takes it all back; its valves carry their signs. */
export function SandboxBanner() {
  const t = useText();
  const { planning } = useParts();
  const count = useApp((state) => countOf(sandboxOf(state.view)));
  useSigns();
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

/** Draw what is supposed where it stands. */
function useSigns(): void {
  const t = useText();
  const { planning, store } = useParts();
  const key = useApp((state) => sandboxKey(state.view));
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says what is supposed
  useEffect(() => {
    let left = false;
    const wanted = stylesOf(sandboxOf(store.get().view), t);
    const one = async ([id, style]: readonly [number, MarkStyle]): Promise<MarkFeature[]> => {
      const asset = await planning.asset(id).catch(() => null);
      return markedPoint(asset?.position, { ...style, asset_id: id, ...(asset === null ? {} : { kind: asset.kind }) });
    };
    void Promise.all(wanted.map(one)).then((found) => !left && planning.markSupposed(found.flat()));
    return () => {
      left = true;
    };
  }, [key, planning, store, t]);
  useEffect(() => () => planning.markSupposed(NOTHING), [planning]);
}

function stylesOf({ valves, sources, stuck }: Sandbox, t: Translate): (readonly [number, MarkStyle])[] {
  const valve = (sign: ValveSign, label: string): MarkStyle => ({ colour: VALVE_COLOURS[sign], sign, label });
  return [
    ...stuck.map((id) => [id, valve("valve-stuck", t("sandbox.stuck"))] as const),
    ...[...valves].map(
      ([id, position]) =>
        [id, valve(position === "open" ? "valve-open" : "valve-close", t(`sandbox.${position}`))] as const,
    ),
    ...[...sources].map(
      ([id, runs]) =>
        [
          id,
          {
            colour: runs ? VALVE_COLOURS["valve-open"] : STOPPED,
            radius: 12,
            opacity: 0.75,
            label: t(runs ? "sandbox.runs" : "sandbox.stopped"),
          },
        ] as const,
    ),
  ];
}
