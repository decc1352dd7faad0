import { Button, Progress } from "antd";
import { useEffect, useState } from "react";
import { useText } from "../i18n/hooks";
import { currentCity } from "../state/app";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import type { Datum } from "../state/view";
import { formatDate, formatValue } from "../units";
import { type Archive, archiveOf } from "./services";
import { useAnswer } from "./useAnswer";

const LOOK_MS = 1500;
const UNDER_WAY: readonly string[] = ["queued", "running"];

interface OfflinePackageProps {
  tilesets: readonly string[];
  datum: Datum;
}

/** All tiles in one file (PMTiles): ordered here, made by the server, watermarked, with an end. */
export function OfflinePackage({ tilesets, datum }: OfflinePackageProps) {
  const t = useText();
  const { planning } = useParts();
  const kept = useAnswer<Archive[]>("archives", () => planning.get<Archive[]>("/archives"));
  const [ordered, setOrdered] = useState<Archive | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const busy = ordered !== null && UNDER_WAY.includes(ordered.state);
  useEffect(() => {
    if (!busy) return;
    const look = () => planning.get<Archive>(`/archives/${ordered.archive_id}`).then(setOrdered, () => {});
    const timer = setInterval(look, LOOK_MS);
    return () => clearInterval(timer);
  }, [planning, busy, ordered]);
  function order(): void {
    setTrouble(null);
    planning
      .post<Archive>("/archives", { tilesets, crs: datum })
      .then(setOrdered, (error: Error) => setTrouble(error.message));
  }
  const made = ordered?.state === "ready" ? ordered : archiveOf(arrived(kept) ?? [], tilesets, datum);
  return (
    <section className="services-offline" aria-label={t("services.offline")}>
      <h3>{t("services.offline")}</h3>
      {made !== null && <Made archive={made} />}
      {busy && <Progress percent={Math.round(100 * ordered.progress)} size="small" />}
      <Button size="small" disabled={busy} onClick={order}>
        {t(made === null ? "services.make" : "services.makeAgain")}
      </Button>
      {(trouble ?? ordered?.error) && (
        <p className="trouble" role="alert">
          {trouble ?? ordered?.error}
        </p>
      )}
      <p className="note">{t("services.watermark")}</p>
    </section>
  );
}

function Made({ archive }: { archive: Archive }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "Asia/Shanghai");
  const megabytes = archive.size_bytes === null ? null : archive.size_bytes / 1e6;
  const { pathname, search } = new URL(archive.url);
  return (
    <p>
      <a href={pathname + search} download>
        {archive.tilesets.join("-")}.pmtiles
      </a>{" "}
      {formatValue(megabytes, "MB", lang, 1)} ·{" "}
      {t("services.until", { date: formatDate(Date.parse(archive.expires_at), zone, lang) })}
    </p>
  );
}
