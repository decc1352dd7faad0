import { Button, Input } from "antd";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import type { Isolation } from "../api/planner";
import { useText } from "../i18n/hooks";
import { currentCity } from "../state/app";
import { useApp, useParts } from "../state/context";
import { sandboxOf } from "../state/sandbox";
import { moved, type PlanValve, plannedValves } from "./isolation";
import { useAsset } from "./planning";
import { isoToLocal, localToIso } from "./time";

const HOUR_MS = 3_600_000;
const FIRST_HOURS = 8;

interface PlanFormProps {
  isolation: Isolation;
  onCancel(): void;
}

/** An isolation becomes a plan: when, who, and the valves in the order in which they are operated. */
export default function PlanForm({ isolation, onCancel }: PlanFormProps) {
  const t = useText();
  const { desk, planning } = useParts();
  const zone = useApp((state) => currentCity(state)?.zone ?? "UTC");
  const view = useApp((state) => state.view);
  const [start] = useState(() => Math.ceil(Date.now() / HOUR_MS) * HOUR_MS);
  const [title, setTitle] = useState("");
  const [from, setFrom] = useState(() => isoToLocal(new Date(start).toISOString(), zone));
  const [to, setTo] = useState(() => isoToLocal(new Date(start + FIRST_HOURS * HOUR_MS).toISOString(), zone));
  const [crew, setCrew] = useState("");
  const [note, setNote] = useState("");
  const [valves, setValves] = useState(() => plannedValves(isolation, sandboxOf(view)));
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const [fromAt, toAt] = [localToIso(from, zone), localToIso(to, zone)];
  const ordered = fromAt !== null && toAt !== null && Date.parse(fromAt) < Date.parse(toAt);
  const complete = title.trim() !== "" && ordered && valves.length > 0;

  async function save(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (!complete || fromAt === null || toAt === null) return;
    setBusy(true);
    setFailure(null);
    try {
      const plan = await planning.savePlan({
        title: title.trim(),
        asset_ids: isolation.asset_ids,
        valves: valves.map(({ asset_id, action, order }) => ({ asset_id, action, order })),
        planned_from_at: fromAt,
        planned_to_at: toAt,
        crew: crew.trim(),
        note: note.trim(),
      });
      desk.set({ plan: String(plan.plan_id), plan_state: null });
      desk.open("plans");
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  }

  return (
    <form className="editor plan-form" aria-label={t("plans.make")} onSubmit={(event) => void save(event)}>
      <h3>{t("plans.make")}</h3>
      <Field label={t("plans.name")}>
        {(id) => (
          <Input id={id} size="small" maxLength={200} value={title} onChange={(e) => setTitle(e.target.value)} />
        )}
      </Field>
      <div className="period">
        <label>
          <span>{t("plans.from")}</span>
          <input type="datetime-local" value={from.slice(0, 16)} onChange={(e) => setFrom(e.target.value)} />
        </label>
        <label>
          <span>{t("plans.to")}</span>
          <input type="datetime-local" value={to.slice(0, 16)} onChange={(e) => setTo(e.target.value)} />
        </label>
      </div>
      {!ordered && <p className="failed">{t("plans.badPeriod")}</p>}
      <Field label={t("plans.crew")}>
        {(id) => <Input id={id} size="small" maxLength={200} value={crew} onChange={(e) => setCrew(e.target.value)} />}
      </Field>
      <Field label={t("plans.note")}>
        {(id) => (
          <Input.TextArea
            id={id}
            autoSize={{ minRows: 1, maxRows: 4 }}
            maxLength={2000}
            value={note}
            onChange={(e) => setNote(e.target.value)}
          />
        )}
      </Field>
      <ValveOrder valves={valves} onChange={setValves} />
      {failure !== null && (
        <p className="failed" role="alert">
          {failure}
        </p>
      )}
      <p className="deeds">
        <Button size="small" type="primary" htmlType="submit" disabled={!complete} loading={busy}>
          {t("plans.save")}
        </Button>
        <Button size="small" onClick={onCancel}>
          {t("reason.cancel")}
        </Button>
      </p>
      {!complete && ordered && <p className="note">{t("plans.needName")}</p>}
    </form>
  );
}

function Field({ label, children }: { label: string; children: (id: string) => ReactNode }) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children(id)}
    </div>
  );
}

function ValveOrder({ valves, onChange }: { valves: readonly PlanValve[]; onChange(valves: PlanValve[]): void }) {
  const t = useText();
  return (
    <ol className="valve-order" aria-label={t("plans.order")}>
      {valves.map((valve, i) => (
        <li key={valve.asset_id}>
          <i className="number">{valve.order}</i>
          <em>{t(`plans.action.${valve.action}`)}</em>
          <ValveName valve={valve} />
          <button
            type="button"
            className="more"
            disabled={i === 0}
            aria-label={t("plans.up", { name: valve.label })}
            onClick={() => onChange(moved(valves, i, -1))}
          >
            ↑
          </button>
          <button
            type="button"
            className="more"
            disabled={i === valves.length - 1}
            aria-label={t("plans.down", { name: valve.label })}
            onClick={() => onChange(moved(valves, i, 1))}
          >
            ↓
          </button>
        </li>
      ))}
    </ol>
  );
}

/** A valve that only the sandbox knows has its name asked for. */
function ValveName({ valve }: { valve: PlanValve }) {
  const unknown = valve.label.startsWith("#");
  const asset = useAsset(unknown ? valve.asset_id : null);
  const name = unknown && asset.state === "ready" ? `${asset.value.code} ${asset.value.name}` : valve.label;
  return <span className="valve-name">{name}</span>;
}
