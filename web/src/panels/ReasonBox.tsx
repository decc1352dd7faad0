import { Button, Input } from "antd";
import { useState } from "react";
import { useText } from "../i18n/hooks";

export interface Deed {
  label: string;
  primary?: boolean;
  /** Asked before it is done, with what it will do. */
  sure?: string;
  act(reason: string): Promise<unknown>;
}

/** A reason and what can be done with it: no change of the archive goes without one. */
export function ReasonBox({ deeds, hint }: { deeds: readonly Deed[]; hint?: string }) {
  const t = useText();
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const [asked, setAsked] = useState<Deed | null>(null);
  if (deeds.length === 0) return null;
  async function act(deed: Deed): Promise<void> {
    setAsked(null);
    setBusy(true);
    setFailure(null);
    try {
      await deed.act(reason.trim());
      setReason("");
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  }
  const missing = reason.trim() === "";
  return (
    <div className="reason">
      <Input.TextArea
        autoSize={{ minRows: 1, maxRows: 4 }}
        maxLength={500}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
        placeholder={hint ?? t("reason.placeholder")}
        aria-label={t("reason.label")}
      />
      {asked === null ? (
        <p className="deeds">
          {deeds.map((deed) => (
            <Button
              key={deed.label}
              size="small"
              type={deed.primary ? "primary" : "default"}
              disabled={missing || busy}
              loading={busy && (deed.primary ?? false)}
              onClick={() => (deed.sure === undefined ? void act(deed) : setAsked(deed))}
            >
              {deed.label}
            </Button>
          ))}
        </p>
      ) : (
        <div className="sure" role="alertdialog" aria-label={asked.label}>
          <p>{asked.sure}</p>
          <p className="deeds">
            <Button size="small" type="primary" onClick={() => void act(asked)}>
              {t("reason.sure")}
            </Button>
            <Button size="small" onClick={() => setAsked(null)}>
              {t("reason.cancel")}
            </Button>
          </p>
        </div>
      )}
      {missing && <p className="note">{t("reason.needed")}</p>}
      {failure !== null && (
        <p className="failed" role="alert">
          {failure}
        </p>
      )}
    </div>
  );
}
