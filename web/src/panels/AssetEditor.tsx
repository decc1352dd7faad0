import { Input, Select } from "antd";
import { useEffect, useState } from "react";
import type { AssetEdit } from "../api/records";
import type { Asset, AssetKind, KindAttribute } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { drawn, overlayOf } from "../state/overlay";
import { unitLabel } from "../units";
import { meaningIn, nameInEnglish } from "./attributes";
import { coordinate, type Draft, draftOf, editOf, misfits, positionOf } from "./editing";
import { useMay } from "./permissions";
import { type Deed, ReasonBox } from "./ReasonBox";
import { RemoteNote } from "./RemoteNote";
import { useAnswer } from "./useAnswer";

/** The form by which an asset is changed, or a change of it proposed; fields, units and codes are the catalogue's. */
export function AssetEditor({ asset }: { asset: Asset }) {
  const { desk } = useParts();
  const found = useAnswer(`kind ${asset.kind}`, () => desk.kind(asset.kind));
  if (found.state !== "ready") return <RemoteNote remote={found} />;
  return <Form key={`${asset.asset_id} ${asset.version}`} asset={asset} kind={found.value} />;
}

function Form({ asset, kind }: { asset: Asset; kind: AssetKind }) {
  const t = useText();
  const [draft, setDraft] = useState<Draft>(() => draftOf(asset));
  const movable = asset.geometry?.type === "Point";
  useHandle(asset, draft, setDraft, movable);
  const wrong = misfits(kind.attributes, draft, movable);
  const edit = wrong.length === 0 ? editOf(asset, kind.attributes, draft, movable) : null;
  const set = (name: string, value: string) =>
    setDraft((before) => ({ ...before, values: { ...before.values, [name]: value } }));
  return (
    <form className="editor" aria-label={t("edit.title")} onSubmit={(event) => event.preventDefault()}>
      <Field label={t("edit.name")} id="edit-name">
        <Input
          id="edit-name"
          size="small"
          value={draft.name}
          maxLength={200}
          onChange={(event) => setDraft({ ...draft, name: event.target.value })}
        />
      </Field>
      {movable && <PositionFields draft={draft} onChange={setDraft} wrong={wrong.includes("position")} />}
      {!movable && asset.geometry !== null && <p className="note">{t("edit.pointsOnly")}</p>}
      {kind.attributes.map((attribute) => (
        <AttributeField
          key={attribute.name}
          attribute={attribute}
          value={draft.values[attribute.name] ?? ""}
          wrong={wrong.includes(attribute.name)}
          onChange={(value) => set(attribute.name, value)}
        />
      ))}
      <Save asset={asset} edit={edit} wrong={wrong.length > 0} />
    </form>
  );
}

/** The point can be dragged on the map; the numbers follow, and the other way round. */
function useHandle(
  asset: Asset,
  draft: Draft,
  onChange: (next: (before: Draft) => Draft) => void,
  movable: boolean,
): void {
  const { store, desk } = useParts();
  const handle = useApp((state) => state.handle);
  const typed = positionOf(draft)?.join() ?? null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the position by its numbers
  useEffect(() => {
    if (movable) store.dispatch({ type: "handle", position: positionOf(draft) });
  }, [typed, movable, store]);
  useEffect(() => {
    if (handle === null) return;
    const [lon, lat] = [coordinate(handle[0]), coordinate(handle[1])];
    onChange((before) => (before.lon === lon && before.lat === lat ? before : { ...before, lon, lat }));
  }, [handle, onChange]);
  useEffect(() => {
    desk.show(overlayOf(drawn(asset.geometry, "before")));
    return () => {
      desk.clear();
      store.dispatch({ type: "handle", position: null });
    };
  }, [asset, desk, store]);
}

function PositionFields({ draft, onChange, wrong }: { draft: Draft; onChange(draft: Draft): void; wrong: boolean }) {
  const t = useText();
  return (
    <Field label={t("edit.position")} id="edit-lon" hint={t("edit.drag")} wrong={wrong}>
      <span className="pair">
        <Input
          id="edit-lon"
          size="small"
          inputMode="decimal"
          aria-label={t("edit.lon")}
          value={draft.lon}
          onChange={(event) => onChange({ ...draft, lon: event.target.value })}
        />
        <Input
          size="small"
          inputMode="decimal"
          aria-label={t("edit.lat")}
          value={draft.lat}
          onChange={(event) => onChange({ ...draft, lat: event.target.value })}
        />
      </span>
    </Field>
  );
}

interface AttributeFieldProps {
  attribute: KindAttribute;
  value: string;
  wrong: boolean;
  onChange(value: string): void;
}

function AttributeField({ attribute, value, wrong, onChange }: AttributeFieldProps) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const id = `edit-${attribute.name}`;
  const label = lang === "zh" ? attribute.label_zh : nameInEnglish(attribute.name);
  const choices =
    attribute.type === "code"
      ? Object.entries(attribute.codes).map(([code, meaning]) => ({ value: code, label: meaningIn(lang, meaning) }))
      : attribute.type === "boolean"
        ? [
            { value: "true", label: t("edit.yes") },
            { value: "false", label: t("edit.no") },
          ]
        : null;
  return (
    <Field
      label={label}
      id={id}
      unit={attribute.unit}
      required={attribute.required}
      hint={attribute.source}
      wrong={wrong}
    >
      {choices === null ? (
        <Input
          id={id}
          size="small"
          type={attribute.type === "date" ? "date" : "text"}
          inputMode={attribute.type === "integer" ? "numeric" : attribute.type === "number" ? "decimal" : "text"}
          status={wrong ? "warning" : ""}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      ) : (
        <Select
          id={id}
          size="small"
          allowClear
          value={value === "" ? undefined : value}
          options={choices}
          onChange={(next: string | undefined) => onChange(next ?? "")}
        />
      )}
    </Field>
  );
}

interface FieldProps {
  label: string;
  id: string;
  unit?: string;
  hint?: string;
  required?: boolean;
  wrong?: boolean;
  children: React.ReactNode;
}

function Field({ label, id, unit = "", hint = "", required = false, wrong = false, children }: FieldProps) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  return (
    <div className="field">
      <label htmlFor={id} title={hint}>
        {label}
        {unit !== "" && <small> {unitLabel(unit, lang)}</small>}
        {required && <small> {t("edit.required")}</small>}
      </label>
      {children}
      {wrong && <small className="failed">{t("edit.misfit")}</small>}
    </div>
  );
}

function Save({ asset, edit, wrong }: { asset: Asset; edit: AssetEdit | null; wrong: boolean }) {
  const t = useText();
  const { desk } = useParts();
  const may = useMay("edit_archive");
  const propose = useMay("propose_changes");
  const retire = useMay("edit_archive");
  const leave = () => desk.set({ tab: "history" });
  const changed =
    edit === null
      ? 0
      : Object.keys(edit.attributes ?? {}).length +
        (edit.name === undefined ? 0 : 1) +
        (edit.geometry === undefined ? 0 : 1);
  const apply: Deed = {
    label: t("edit.apply"),
    primary: true,
    act: async (reason) => {
      if (edit !== null) await desk.edit(asset.asset_id, asset.version, edit, reason);
      leave();
    },
  };
  const suggest: Deed = {
    label: t("edit.propose"),
    primary: !may,
    act: async (reason) => {
      if (edit !== null) await desk.propose(asset.asset_id, asset.version, edit, reason);
      desk.open("proposals");
    },
  };
  const gone: Deed = {
    label: t("edit.retire"),
    sure: t("edit.retireSure", { name: asset.name || asset.code }),
    act: (reason) => desk.retire(asset.asset_id, reason),
  };
  const deeds = [
    ...(may && edit !== null ? [apply] : []),
    ...(propose && edit !== null ? [suggest] : []),
    ...(retire && edit === null ? [gone] : []),
  ];
  return (
    <div className="save">
      <p className="note">
        {wrong ? t("edit.wrong") : edit === null ? t("edit.nothing") : t("edit.changed", { count: changed })}
      </p>
      {!wrong && <ReasonBox deeds={deeds} />}
    </div>
  );
}
