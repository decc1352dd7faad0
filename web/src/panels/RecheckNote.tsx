import { useEffect, useState } from "react";
import type { Job } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { formatNumber } from "../units";

const RUNNING_MS = 1500;
const IDLE_MS = 15_000;
/** A change is followed by a job within a few seconds; so long the page looks for it often. */
const EXPECTED_MS = 12_000;

function runningOf(jobs: readonly Job[]): Job | null {
  return jobs.find((job) => job.state === "running" || job.state === "queued") ?? null;
}

/** Says that derived copies and checks are being made anew, how far they are, and lets the page ask again when they are done. */
export function RecheckNote() {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const revision = useApp((state) => state.archiveRevision);
  const { desk } = useParts();
  const [job, setJob] = useState<Job | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let left = false;
    let seen: number | null = null;
    const since = Date.now();
    async function look(): Promise<void> {
      const jobs = await desk.jobs().catch(() => []);
      if (left) return;
      const running = runningOf(jobs);
      setJob(running);
      if (running === null && seen !== null) {
        seen = null;
        desk.changed();
        return;
      }
      seen = running?.job_id ?? seen;
      const soon = running !== null || (revision > 0 && Date.now() - since < EXPECTED_MS);
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
      {formatNumber(job.progress * 100, 0, lang)} % · {job.message}
    </p>
  );
}
