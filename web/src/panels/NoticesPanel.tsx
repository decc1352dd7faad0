import "./notices.css";
import { Button, Checkbox, Input, InputNumber, Select, Switch } from "antd";
import { useState } from "react";
import * as requests from "../api/notices";
import { useText } from "../i18n/hooks";
import { trySound } from "../live/tones";
import { currentCity } from "../state/app";
import { useApp } from "../state/context";
import { arrived } from "../state/remote";
import { formatTime } from "../units";
import { SoundMark } from "./NoticeCorner";
import { Panel } from "./Panel";
import { registerThisBrowser } from "./push";
import { RemoteNote } from "./RemoteNote";
import { usePolled } from "./usePolled";

const EVERY_MS = 5_000;
const GROUPS = ["company", "plant_branch", "heat_source", "substation", "heat_user"] as const;
const LEVELS = [1, 2, 3] as const;
const CHANNELS = ["web", "webhook", "email", "push"] as const;
const STEP: requests.StepEdit = { channel: "web", after_min: 0, to: "", level: 3, format: "json", digest: "sha256" };

/** Sound, channels, who is told of what, and how deliveries went. */
export default function NoticesPanel() {
  const t = useText();
  const [revision, setRevision] = useState(0);
  const again = () => setRevision((before) => before + 1);
  return (
    <Panel title={t("notices.title")} className="work-panel notices">
      <Sound />
      <ChannelList revision={revision} onChange={again} />
      <Subscriptions revision={revision} onChange={again} />
      <Deliveries revision={revision} />
    </Panel>
  );
}

function Sound() {
  const t = useText();
  return (
    <section aria-label={t("notices.sound")}>
      <h3>{t("notices.sound")}</h3>
      <p className="deeds">
        <SoundMark />
        {LEVELS.map((level) => (
          <Button key={level} size="small" onClick={() => void trySound(level)}>
            {t("notices.trySound", { level })}
          </Button>
        ))}
      </p>
    </section>
  );
}

interface Revised {
  revision: number;
  onChange?: () => void;
}

function useCity(): number {
  return useApp((state) => state.view.city ?? 0);
}

/** Runs something and keeps what went wrong, to be shown. */
function useDeed(): [string | null, (deed: () => Promise<unknown>) => Promise<void>] {
  const [failure, setFailure] = useState<string | null>(null);
  return [
    failure,
    async (deed) => {
      setFailure(null);
      try {
        await deed();
      } catch (error) {
        setFailure(error instanceof Error ? error.message : String(error));
      }
    },
  ];
}

function Failure({ text }: { text: string | null }) {
  return text === null ? null : (
    <p className="failed" role="alert">
      {text}
    </p>
  );
}

function ChannelList({ revision, onChange }: Revised) {
  const t = useText();
  const found = usePolled(`notice channels ${revision}`, 60_000, requests.channels);
  const [failure, run] = useDeed();
  if (found.state !== "ready") return <RemoteNote remote={found} />;
  const { hosts, email, push, browsers, push_key } = found.value;
  const open = (is: boolean) => t(is ? "notices.open" : "notices.closed");
  return (
    <section aria-label={t("notices.channels")}>
      <h3>{t("notices.channels")}</h3>
      <p className="note">
        {t("notices.channel.webhook")}: {hosts.length > 0 ? hosts.join(", ") : open(false)} ·{" "}
        {t("notices.channel.email")}: {open(email)} · {t("notices.channel.push")}:{" "}
        {push ? t("notices.browsers", { count: browsers }) : open(false)}
      </p>
      {push && (
        <Button
          size="small"
          onClick={() => void run(() => registerThisBrowser(push_key, t("notices.noPush"))).then(onChange)}
        >
          {t("notices.registerPush")}
        </Button>
      )}
      <Failure text={failure} />
    </section>
  );
}

// ---------------------------------------------------------------- subscriptions

function Subscriptions({ revision, onChange }: Revised) {
  const t = useText();
  const city = useCity();
  const found = usePolled(`subscriptions ${revision}`, 60_000, () => requests.subscriptions(city));
  const [editing, setEditing] = useState<requests.Subscription | "new" | null>(null);
  const [failure, run] = useDeed();
  const changed = () => {
    setEditing(null);
    onChange?.();
  };
  return (
    <section aria-label={t("notices.subscriptions")}>
      <h3>{t("notices.subscriptions")}</h3>
      <RemoteNote remote={found} />
      <ul className="rows">
        {found.state === "ready" &&
          found.value.map((one) => (
            <li key={one.subscription_id} className="row">
              <Row
                one={one}
                onEdit={() => setEditing(one)}
                onSwitch={(enabled) =>
                  void run(() => requests.rewrite(city, one.subscription_id, { ...editOf(one), enabled })).then(changed)
                }
                onEnd={() => void run(() => requests.unsubscribe(city, one.subscription_id)).then(changed)}
              />
            </li>
          ))}
      </ul>
      <Failure text={failure} />
      {editing === null ? (
        <Button size="small" type="primary" onClick={() => setEditing("new")}>
          {t("notices.add")}
        </Button>
      ) : (
        <Form
          key={editing === "new" ? 0 : editing.subscription_id}
          edited={editing === "new" ? null : editing}
          onDone={changed}
          onLeave={() => setEditing(null)}
        />
      )}
    </section>
  );
}

/** What is stored, as it is written again; secrets stay. */
function editOf(one: requests.Subscription): requests.SubscriptionEdit {
  const { name, enabled, wanted, quiet, most_per_10_min, lang, quality } = one;
  const steps = one.steps.map(({ signed, ...step }) => step);
  return { name, enabled, wanted: wanted ?? {}, quiet: quiet ?? null, most_per_10_min, lang, quality, steps };
}

interface RowProps {
  one: requests.Subscription;
  onEdit(): void;
  onSwitch(enabled: boolean): void;
  onEnd(): void;
}

function Row({ one, onEdit, onSwitch, onEnd }: RowProps) {
  const t = useText();
  const steps = one.steps.map((step) => {
    const after = step.after_min > 0 ? t("notices.after", { minutes: step.after_min }) : "";
    return `${t(`notices.channel.${step.channel}`)} ${step.to}${after}`.trim();
  });
  return (
    <>
      <Switch
        size="small"
        checked={one.enabled}
        onChange={onSwitch}
        aria-label={t("notices.enabled", { name: one.name })}
      />
      <span className="row-text">
        <strong>{one.name}</strong>
        <span className="row-detail">{one.seat_id === null ? t("notices.everybody") : one.person}</span>
        <span className="row-detail">{steps.join(" → ")}</span>
      </span>
      <Button size="small" type="text" onClick={onEdit}>
        {t("notices.edit")}
      </Button>
      {one.seat_id !== null && (
        <Button size="small" type="text" onClick={onEnd} aria-label={t("notices.endOf", { name: one.name })}>
          ✕
        </Button>
      )}
    </>
  );
}

function Form({ edited, onDone, onLeave }: { edited: requests.Subscription | null; onDone(): void; onLeave(): void }) {
  const t = useText();
  const city = useCity();
  const [failure, run] = useDeed();
  const [body, setBody] = useState<requests.SubscriptionEdit>(() =>
    edited === null
      ? { name: "", enabled: true, most_per_10_min: 10, lang: "zh", quality: false, steps: [STEP] }
      : editOf(edited),
  );
  const set = (patch: Partial<requests.SubscriptionEdit>) => setBody((before) => ({ ...before, ...patch }));
  const wanted = body.wanted ?? {};
  const setStep = (i: number, patch: Partial<requests.StepEdit>) =>
    set({ steps: body.steps.map((step, k) => (k === i ? { ...step, ...patch } : step)) });
  const last = body.steps.at(-1)?.after_min ?? 0;
  async function save(): Promise<void> {
    if (edited === null) await requests.subscribe(city, body);
    else await requests.rewrite(city, edited.subscription_id, body);
    onDone();
  }
  return (
    <div className="notice-form">
      <Input
        size="small"
        value={body.name}
        placeholder={t("notices.name")}
        aria-label={t("notices.name")}
        onChange={(event) => set({ name: event.target.value })}
      />
      <Select
        size="small"
        mode="multiple"
        placeholder={t("notices.anyGroup")}
        aria-label={t("notices.groups")}
        value={wanted.groups ?? []}
        onChange={(groups: string[]) => set({ wanted: { ...wanted, groups } })}
        options={GROUPS.map((value) => ({ value, label: t(`notices.group.${value}`) }))}
      />
      <Checkbox.Group
        options={LEVELS.map((value) => ({ value, label: t("alarm.level", { level: value }) }))}
        value={wanted.levels?.length ? wanted.levels : [...LEVELS]}
        onChange={(levels) => set({ wanted: { ...wanted, levels: levels.length === LEVELS.length ? [] : levels } })}
      />
      <Checkbox checked={body.quality} onChange={(event) => set({ quality: event.target.checked })}>
        {t("notices.quality")}
      </Checkbox>
      {body.steps.map((step, i) => (
        <StepRow
          // biome-ignore lint/suspicious/noArrayIndexKey: a step is its place
          key={i}
          step={step}
          first={i === 0}
          onChange={(patch) => setStep(i, patch)}
          onTry={() => void run(() => requests.tryStep(city, step))}
          onEnd={body.steps.length > 1 ? () => set({ steps: body.steps.filter((_, k) => k !== i) }) : undefined}
        />
      ))}
      <p className="deeds">
        <Button
          size="small"
          disabled={body.steps.length >= 6}
          onClick={() => set({ steps: [...body.steps, { ...STEP, after_min: last + 5 }] })}
        >
          {t("notices.addStep")}
        </Button>
        <Checkbox
          checked={body.quiet != null}
          onChange={(event) =>
            set({ quiet: event.target.checked ? { first: "22:00", last: "06:00", level: 1 } : null })
          }
        >
          {t("notices.quiet")}
        </Checkbox>
      </p>
      <p className="deeds">
        <Button size="small" type="primary" disabled={body.name.trim() === ""} onClick={() => void run(save)}>
          {t("notices.save")}
        </Button>
        <Button size="small" onClick={onLeave}>
          {t("reason.cancel")}
        </Button>
      </p>
      <Failure text={failure} />
    </div>
  );
}

interface StepProps {
  step: requests.StepEdit;
  first: boolean;
  onChange(patch: Partial<requests.StepEdit>): void;
  onTry(): void;
  onEnd: (() => void) | undefined;
}

function StepRow({ step, first, onChange, onTry, onEnd }: StepProps) {
  const t = useText();
  const may = useApp((state) => arrived(state.session)?.permissions.includes("notify_outside") ?? false);
  const addressed = step.channel === "webhook" || step.channel === "email";
  return (
    <div className="notice-step">
      <Select
        size="small"
        aria-label={t("notices.channels")}
        value={step.channel}
        onChange={(channel: requests.StepEdit["channel"]) => onChange({ channel, to: "" })}
        options={CHANNELS.filter((one) => may || one === "web" || one === "push").map((value) => ({
          value,
          label: t(`notices.channel.${value}`),
        }))}
      />
      {first ? (
        <span>{t("notices.atOnce")}</span>
      ) : (
        <InputNumber
          size="small"
          min={1}
          max={10_080}
          value={step.after_min ?? 0}
          addonAfter={t("notices.minutes")}
          aria-label={t("notices.afterMinutes")}
          onChange={(after_min) => onChange({ after_min: after_min ?? 1 })}
        />
      )}
      {onEnd === undefined ? (
        <span />
      ) : (
        <Button size="small" type="text" aria-label={t("notices.endStep")} onClick={onEnd}>
          ✕
        </Button>
      )}
      {addressed && (
        <Input
          size="small"
          className="wide"
          value={step.to ?? ""}
          placeholder={step.channel === "email" ? "name@example.cn" : "https://"}
          aria-label={t("notices.address")}
          onChange={(event) => onChange({ to: event.target.value })}
        />
      )}
      {step.channel === "webhook" && (
        <p className="wide deeds">
          <Checkbox
            checked={step.format === "bot"}
            onChange={(event) => onChange({ format: event.target.checked ? "bot" : "json" })}
          >
            {t("notices.bot")}
          </Checkbox>
          <Input.Password
            size="small"
            value={step.secret ?? ""}
            placeholder={t("notices.secret")}
            aria-label={t("notices.secret")}
            autoComplete="off"
            onChange={(event) => onChange({ secret: event.target.value || null })}
          />
        </p>
      )}
      {step.channel !== "web" && (
        <p className="wide deeds">
          <Button size="small" onClick={onTry}>
            {t("notices.test")}
          </Button>
        </p>
      )}
    </div>
  );
}

// ---------------------------------------------------------------- deliveries

function Deliveries({ revision }: Revised) {
  const t = useText();
  const city = useCity();
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "UTC");
  const found = usePolled(`deliveries ${revision}`, EVERY_MS, () => requests.deliveries(city));
  return (
    <section aria-label={t("notices.deliveries")}>
      <h3>{t("notices.deliveries")}</h3>
      <RemoteNote remote={found} />
      {found.state === "ready" && found.value.length === 0 && <p className="empty">{t("notices.noDeliveries")}</p>}
      <ul className="rows notice-deliveries">
        {found.state === "ready" &&
          found.value.map((one) => (
            <li key={one.notice_id} className="row">
              <span className="row-text">
                <strong>{one.title || t(`notices.channel.${one.channel}`)}</strong>
                <span className="row-detail">
                  {t(`notices.channel.${one.channel}`)} {one.to} · {formatTime(Date.parse(one.made_at), zone, lang)}
                </span>
                {one.error !== "" && <span className="row-detail delivery-error">{one.error}</span>}
              </span>
              <b>{t(`notices.state.${one.state}`)}</b>
            </li>
          ))}
      </ul>
    </section>
  );
}
