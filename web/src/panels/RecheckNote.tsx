import { useEffect, useState } from "react";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import type { Desk } from "../state/desk";
import { formatNumber } from "../units";

const RUNNING_MS = 1500;
const IDLE_MS = 15_000;
/** A change is followed by a job within a few seconds; for so long the page looks often. */
const EXPECTED_MS = 12_000;

interface Doing {
  progress: number;
  message: string;
}

/** What the server is making anew for the city; null when every copy shows the present assets. */
async function doing(desk: Desk): Promise<Doing | null> {
  const [jobs, refresh] = await Promise.all([desk.jobs().catch(() => []), desk.refresh().catch(() => null)]);
  const running = jobs.find((job) => job.state === "running" || job.state === "queued");
  if (running !== undefined) return { progress: running.progress, message: running.message };
  return refresh?.older ? { progress: 0, message: "" } : null;
}

/** Says that derived copies and checks are being made anew, how far they are, and lets the page ask again when they are done. */
export function RecheckNote() {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const revision = useApp((state) => state.archiveRevision);
  const { desk } = useParts();
  const [job, setJob] = useState<Doing | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let left = false;
    let seen = false;
    const since = Date.now();
    async function look(): Promise<void> {
      const now = await doing(desk);
      if (left) return;
      setJob(now);
      if (now === null && seen) {
        // asks again by itself: a change of the revision starts this anew
        desk.changed();
        return;
      }
      seen = now !== null;
      const soon = seen || (revision > 0 && Date.now() - since < EXPECTED_MS);
      timer = setTimeout(() => void look(), soon ? RUNNING_MS : IDLE_MS);
    }
    void look();
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, [desk, revision]);
  if (job === null) return null;
  return (
    <p className="recheck" role="status">
      <progress max={1} value={job.progress} aria-label={t("recheck.running")} /> {t("recheck.running")}{" "}
      {formatNumber(job.progress * 100, 0, lang)} % {job.message !== "" && `· ${job.message}`}
    </p>
  );
}
