import "./alarmDesk.css";
import { Button, Input, Select } from "antd";
import { useState } from "react";
import * as requests from "../api/alarmDesk";
import { useText } from "../i18n/hooks";
import type { TextKey } from "../i18n/text";
import { warningMarks, warningSign } from "../layers/warnings";
import { valveAddress } from "../map/icons";
import { currentCity } from "../state/app";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import type { WorkKey } from "../state/work";
import { formatNumber, formatTime } from "../units";
import { Panel } from "./Panel";
import { useMay } from "./permissions";
import { useMarks } from "./planning";
import { ReasonBox } from "./ReasonBox";
import { RemoteNote } from "./RemoteNote";
import { useAnswer } from "./useAnswer";

const STATES = ["open", "01", "02", "03", "all"] as const;
const MODELS = ["by_hand", "alarm", "incident", "leak", "cause", "what_if"] as const;
const TYPES: readonly (readonly [string, string, string])[] = [
  ["01", "燃气泄漏", "gas leak"],
  ["02", "燃气爆炸", "gas explosion"],
  ["03", "管网爆管", "network pipe burst"],
  ["04", "泄漏", "leak"],
  ["05", "路面塌陷", "road collapse"],
  ["06", "暴雨洪涝", "rainstorm and flood"],
  ["07", "排水管网淤积", "drainage network silting"],
  ["08", "排水管网溢流", "drainage network overflow"],
  ["09", "结构损伤", "structural damage"],
  ["10", "极端天气", "extreme weather"],
  ["11", "车辆超载", "overloaded vehicle"],
  ["12", "其他", "other"],
];
const KINDS = ["plant", "boiler_house", "substation", "pipe", "estate", "building", "relay_pump_station"] as const;
const MOST = 200;

/** Warnings by object, kind of problem and what found it, on the map by level; issued, handled and lifted here. */
export default function WarningsPanel() {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const city = useApp((state) => state.view.city ?? 1);
  const work = useApp((state) => state.view.work);
  const filter = { state: work.warning_state ?? "open", type: work.warning_type, kind: work.kind, model: work.model };
  const found = useAnswer(`warnings ${JSON.stringify(filter)}`, () =>
    requests.warnings({ city, ...filter, limit: MOST }),
  );
  const page = arrived(found);
  const key = page?.items.map((one) => `${one.warning_id}${one.state}`).join() ?? "none";
  useMarks(`warnings ${key} ${lang}`, () =>
    page === null ? null : warningMarks(page.items, lang, (level) => t("warnings.level", { level })),
  );
  return (
    <Panel
      title={t("warnings.title")}
      className="work-panel desk-panel"
      extra={<span className="count">{page === null ? "" : formatNumber(page.total, 0, lang)}</span>}
    >
      <div className="desk-filter">
        <Pick
          name="warning_state"
          label="warnings.state"
          options={STATES.map((one) => [one, t(`warnings.state.${one}`)])}
        />
        <Pick
          name="warning_type"
          label="warnings.type"
          options={TYPES.map(([code, zh, en]) => [code, lang === "zh" ? zh : en])}
        />
        <Pick name="kind" label="warnings.kind" options={KINDS.map((one) => [one, t(`kind.${one}`)])} />
        <Pick name="model" label="warnings.model" options={MODELS.map((one) => [one, t(`warnings.model.${one}`)])} />
      </div>
      <RemoteNote remote={found} />
      {page?.items.length === 0 && <p className="empty">{t("warnings.none")}</p>}
      <ul className="rows" aria-label={t("warnings.title")}>
        {page?.items.map((one) => (
          <Row key={one.warning_id} warning={one} />
        ))}
      </ul>
      <Issue />
      <Months />
    </Panel>
  );
}

function Pick({ name, label, options }: { name: WorkKey; label: TextKey; options: (readonly [string, string])[] }) {
  const t = useText();
  const { desk } = useParts();
  const chosen = useApp((state) => state.view.work[name]);
  return (
    <Select
      size="small"
      allowClear
      aria-label={t(label)}
      placeholder={t(label)}
      value={chosen}
      options={options.map(([value, text]) => ({ value, label: text }))}
      onChange={(next: string | undefined) => desk.set({ [name]: next ?? null })}
    />
  );
}

function Row({ warning }: { warning: requests.Warning }) {
  const t = useText();
  const { controller, desk } = useParts();
  const lang = useApp((state) => state.view.lang);
  const city = useApp((state) => state.view.city ?? 1);
  const zone = useApp((state) => currentCity(state)?.zone ?? "UTC");
  const may = useMay("issue_warnings");
  const [open, setOpen] = useState(false);
  const step = (what: "handle" | "lift") => async (note: string) => {
    await requests.stepWarning({ city }, warning.warning_id, what, note);
    desk.changed();
  };
  const deeds = [
    ...(warning.state === "01" ? [{ label: t("warnings.handle"), act: step("handle") }] : []),
    ...(warning.state === "03" ? [] : [{ label: t("warnings.lift"), primary: true, act: step("lift") }]),
  ];
  function show(): void {
    setOpen(!open);
    if (warning.asset_id !== null && warning.position !== null) controller.visit(warning.asset_id, warning.position);
    else desk.goTo(warning.position);
  }
  return (
    <li className="row warning-row" data-warning={warning.warning_id}>
      <button
        type="button"
        className="row-main"
        aria-expanded={open}
        aria-label={t("warnings.show", { name: warning.name })}
        onClick={show}
      >
        <img src={valveAddress(warningSign(warning.level))} alt="" />
        <span className="row-text">
          <strong>{warning.name}</strong>
          <span className="row-detail">
            {t("warnings.level", { level: warning.level })} · {lang === "zh" ? warning.type_zh : warning.type_en} ·{" "}
            {t(`warnings.state.${warning.state}` as "warnings.state.01")}
          </span>
          <span className="row-detail">
            {warning.address} · {formatTime(Date.parse(warning.issued_at), zone, lang)}
          </span>
        </span>
      </button>
      {open && (
        <section className="alarm-details">
          <p>{warning.content}</p>
          {warning.analysis !== "" && <p>{warning.analysis}</p>}
          {warning.advice !== "" && <p>{t("alarm-desk.advice", { advice: warning.advice })}</p>}
          <p className="note">
            {t("warnings.by", { seat: warning.issued_by })} ·{" "}
            {t(`warnings.model.${warning.model}` as "warnings.model.alarm")}
          </p>
          {may && <ReasonBox deeds={deeds} hint={t("warnings.note")} />}
        </section>
      )}
    </li>
  );
}

function Issue() {
  const t = useText();
  const { desk } = useParts();
  const lang = useApp((state) => state.view.lang);
  const city = useApp((state) => state.view.city ?? 1);
  const selected = useApp((state) => state.view.selected);
  const may = useMay("issue_warnings");
  const [draft, setDraft] = useState({ name: "", type: "04", level: 3, content: "", address: "" });
  const [failure, setFailure] = useState<string | null>(null);
  if (!may) return null;
  const set = (patch: Partial<typeof draft>) => setDraft({ ...draft, ...patch });
  const lacks =
    draft.name.trim() === "" || draft.content.trim() === "" || (selected === null && draft.address.trim() === "");
  async function issue(): Promise<void> {
    setFailure(null);
    try {
      await requests.issueWarning({ city }, { ...draft, ...(selected === null ? {} : { asset_id: selected }) });
      setDraft({ ...draft, name: "", content: "", address: "" });
      desk.changed();
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    }
  }
  return (
    <details>
      <summary>{t("warnings.issue")}</summary>
      <div className="desk-form">
        <p className="note">
          {selected === null ? t("warnings.choose") : t("warnings.about", { name: `#${selected}` })}
        </p>
        {(["name", "content", "address"] as const).map((field) => (
          <Input
            key={field}
            size="small"
            maxLength={100}
            aria-label={t(`warnings.${field}`)}
            placeholder={t(`warnings.${field}`)}
            value={draft[field]}
            onChange={(event) => set({ [field]: event.target.value })}
          />
        ))}
        <Select
          size="small"
          aria-label={t("warnings.type")}
          value={draft.type}
          options={TYPES.map(([value, zh, en]) => ({ value, label: lang === "zh" ? zh : en }))}
          onChange={(type: string) => set({ type })}
        />
        <Select
          size="small"
          aria-label={t("warnings.levelLabel")}
          value={draft.level}
          options={[1, 2, 3, 4].map((level) => ({ value: level, label: t("warnings.level", { level }) }))}
          onChange={(level: number) => set({ level })}
        />
        <Button size="small" type="primary" disabled={lacks} onClick={() => void issue()}>
          {t("warnings.issue")}
        </Button>
        {failure !== null && (
          <p className="failed" role="alert">
            {failure}
          </p>
        )}
      </div>
    </details>
  );
}

function Months() {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const city = useApp((state) => state.view.city ?? 1);
  const found = arrived(useAnswer("warning months", () => requests.warningMonths({ city })));
  if (found === null || found.items.length === 0) return null;
  return (
    <>
      <h3>{t("warnings.months")}</h3>
      <ul className="rows" aria-label={t("warnings.months")}>
        {found.items.map((one) => (
          <li key={`${one.month} ${one.type} ${one.level}`} className="row">
            <span className="row-text">
              <strong>
                {one.month} · {lang === "zh" ? one.type_zh : one.type_en} · {t("warnings.level", { level: one.level })}
              </strong>
              <span className="row-detail">
                {t("warnings.month", { issued: one.issued, handling: one.handling, lifted: one.lifted })}
              </span>
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
