import { Button, Progress } from "antd";
import { useEffect, useRef, useState } from "react";
import { useText } from "../i18n/hooks";
import { useParts } from "../state/context";
import { useMay } from "./permissions";
import { isOver, type WhatIf, type WhatIfBody } from "./whatIf";

const LOOK_MS = 700;

/** Starts the solve. */
export function Run({ question, busy }: { question: WhatIfBody | null; busy: boolean }) {
  const t = useText();
  const { desk, planning } = useParts();
  const [trouble, setTrouble] = useState<string | null>(null);
  const run = () => {
    setTrouble(null);
    planning.post<{ job_id: number }>("/whatif", question).then(
      ({ job_id }) => desk.set({ job: String(job_id) }),
      (error: Error) => setTrouble(error.message),
    );
  };
  return (
    <>
      <Button type="primary" block disabled={question === null || busy} onClick={run} data-testid="whatif-run">
        {t("whatif.run")}
      </Button>
      {question === null && <p className="note">{t("whatif.chooseFirst")}</p>}
      {trouble !== null && (
        <p className="trouble" role="alert">
          {trouble}
        </p>
      )}
    </>
  );
}

/** A what-if, asked for again until it is over. */
export function useJob(id: string | undefined): WhatIf | null {
  const { planning } = useParts();
  const [job, setJob] = useState<WhatIf | null>(null);
  const parts = useRef(planning);
  useEffect(() => {
    if (id === undefined) {
      setJob(null);
      return;
    }
    let left = false;
    let timer: ReturnType<typeof setTimeout>;
    const look = () =>
      parts.current.get<WhatIf>(`/whatif/${id}`).then(
        (found) => {
          if (left) return;
          setJob(found);
          if (!isOver(found.state)) timer = setTimeout(look, LOOK_MS);
        },
        () => {
          if (!left) timer = setTimeout(look, 5 * LOOK_MS);
        },
      );
    void look();
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, [id]);
  return id === undefined || String(job?.job_id) !== id ? null : job;
}

/** How far the solve is, or why it ended. */
export function Running({ job }: { job: WhatIf }) {
  const t = useText();
  const { planning } = useParts();
  const may = useMay("plan");
  if (job.state === "done") return null;
  if (job.state === "failed" || job.state === "cancelled") {
    return (
      <p className="trouble" role="alert">
        {t(`whatif.${job.state}`)} {job.state === "failed" ? job.error : ""}
      </p>
    );
  }
  return (
    <div className="whatif-running" role="status">
      <Progress percent={Math.round(100 * job.progress)} size="small" />
      <span className="note">{t(job.state === "queued" ? "whatif.queued" : "whatif.running")}</span>
      {may && (
        <Button size="small" onClick={() => void planning.post(`/jobs/${job.job_id}/cancel`, {})}>
          {t("whatif.cancel")}
        </Button>
      )}
    </div>
  );
}
