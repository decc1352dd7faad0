import { Button } from "antd";
import { useText } from "../i18n/hooks";
import { kindName } from "../i18n/text";
import { useApp } from "../state/context";
import type { Picks } from "./planning";
import { useAsset, useVisit } from "./planning";

interface PickListProps {
  label: string;
  picks: Picks;
  /** Told while clicks on the map are taken. */
  hint?: string;
}

/** Assets that a person collects: a switch for clicks on the map, and what is in the list so far. */
export function PickList({ label, picks, hint }: PickListProps) {
  const t = useText();
  return (
    <section className="pick-list" aria-label={label}>
      <header>
        <h3>
          {label} <span className="count">{picks.ids.length}</span>
        </h3>
        {picks.ids.length > 0 && (
          <button type="button" className="more" onClick={() => picks.set([])}>
            {t("pick.clear")}
          </button>
        )}
        <Button
          size="small"
          type={picks.picking ? "primary" : "default"}
          aria-pressed={picks.picking}
          onClick={picks.picking ? picks.stop : picks.start}
        >
          {t(picks.picking ? "pick.stop" : "pick.start")}
        </Button>
      </header>
      {picks.picking && (
        <p className="note" role="status">
          {hint ?? t("pick.hint")}
        </p>
      )}
      {picks.ids.length > 0 && (
        <ul className="chips">
          {picks.ids.map((id) => (
            <PickedAsset key={id} id={id} onRemove={() => picks.toggle(id)} />
          ))}
        </ul>
      )}
    </section>
  );
}

function PickedAsset({ id, onRemove }: { id: number; onRemove(): void }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const asset = useAsset(id);
  const visit = useVisit();
  const text =
    asset.state === "ready"
      ? (asset.value.kind === "valve" ? asset.value.code : asset.value.name) || asset.value.code
      : asset.state === "failed"
        ? t("pick.unknown", { id })
        : `#${id}`;
  const title = asset.state === "ready" ? kindName(lang, asset.value.kind, asset.value.kind_zh) : undefined;
  return (
    <li className="picked">
      <button
        type="button"
        title={title}
        onClick={() => visit(id, asset.state === "ready" ? asset.value.position : null)}
      >
        {text}
      </button>
      <button type="button" aria-label={t("pick.remove", { name: text })} onClick={onRemove}>
        ✕
      </button>
    </li>
  );
}
