import { useEffect, useState } from "react";
import type { Version } from "../api/records";
import type { Asset } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { currentCity } from "../state/app";
import { useApp, useParts } from "../state/context";
import { drawn, overlayOf } from "../state/overlay";
import { formatTime } from "../units";
import { Differences } from "./Differences";
import { useMay } from "./permissions";
import { ReasonBox } from "./ReasonBox";
import { RemoteNote } from "./RemoteNote";
import { useAnswer } from "./useAnswer";

/** All versions of an asset, newest first: who changed what, when, why, from what; any can be looked at and restored. */
export function AssetHistory({ asset }: { asset: Asset }) {
  const t = useText();
  const { desk } = useParts();
  const id = asset.asset_id;
  const found = useAnswer(`history ${id}`, () => desk.history(id));
  if (found.state !== "ready") return <RemoteNote remote={found} />;
  const { versions } = found.value;
  return (
    <ol className="versions" aria-label={t("history.title")}>
      {versions.map((version, i) => (
        <VersionItem key={version.version} assetId={id} version={version} newest={i === 0} shown={asset.version} />
      ))}
    </ol>
  );
}

interface VersionItemProps {
  assetId: number;
  version: Version;
  newest: boolean;
  /** Version that the panel shows now. */
  shown: number;
}

function VersionItem({ assetId, version, newest, shown }: VersionItemProps) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "UTC");
  const { controller, desk } = useParts();
  const may = useMay("edit_archive");
  const [restoring, setRestoring] = useState(false);
  const { change } = version;
  const current = newest && version.valid_to_at === null;
  const time = (at: string) => formatTime(Date.parse(at), zone, lang);
  return (
    <li aria-current={version.version === shown ? "true" : undefined}>
      <header>
        <strong>{t("history.version", { version: version.version })}</strong>
        <span>{change === null ? "" : t(`origin.${change.origin}`)}</span>
        <time dateTime={version.valid_from_at}>{time(version.valid_from_at)}</time>
      </header>
      {change !== null && (
        <p className="note">{[change.seat, change.reason, change.source].filter((one) => one !== "").join(" · ")}</p>
      )}
      {version.ended_by !== null && (
        <p className="note">
          {[t("history.retired"), version.ended_by.seat, version.ended_by.reason]
            .filter((one) => one !== "")
            .join(" · ")}
        </p>
      )}
      <Differences items={version.differences} />
      <p className="deeds">
        {current ? (
          <span className="note">{t("history.current")}</span>
        ) : (
          <>
            <button type="button" className="more" onClick={() => controller.showAsOf(version.valid_from_at)}>
              {t("history.show")}
            </button>
            {may && (
              <button type="button" className="more" aria-expanded={restoring} onClick={() => setRestoring(!restoring)}>
                {t("history.restore")}
              </button>
            )}
          </>
        )}
      </p>
      {restoring && (
        <ReasonBox
          deeds={[
            {
              label: t("history.restore"),
              primary: true,
              sure: t("history.restoreSure", { version: version.version }),
              act: async (reason) => {
                await desk.restore(assetId, version.version, reason);
                setRestoring(false);
                controller.showAsOf(null);
              },
            },
          ]}
        />
      )}
    </li>
  );
}

/** Says that the past is shown, draws where the asset was then, and leads back. */
export function PastBanner({ asset }: { asset: Asset | null }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "UTC");
  const asOf = useApp((state) => state.view.work.as_of);
  const { controller, desk } = useParts();
  const version = asset?.version ?? 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another version lies elsewhere
  useEffect(() => {
    if (asOf === undefined || asset === null) return;
    desk.show(overlayOf(drawn(asset.geometry, "past")));
    return () => desk.clear();
  }, [desk, asOf, asset?.asset_id, version]);
  if (asOf === undefined) return null;
  const time = formatTime(Date.parse(asOf), zone, lang);
  return (
    <p className="past" role="status">
      {t("history.asOf", { time, version: version === 0 ? "…" : version })}{" "}
      <button type="button" className="more" onClick={() => controller.showAsOf(null)}>
        {t("history.now")}
      </button>
    </p>
  );
}
