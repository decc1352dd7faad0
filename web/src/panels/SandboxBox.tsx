import { Button } from "antd";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import { countOf, readSandbox, type Sandbox, withSource, withStuck, withValve } from "../state/sandbox";
import { useAsset, usePicks, useVisit } from "./planning";

const SWITCHED = ["valve", "plant", "boiler_house"];

/** What is supposed of valves and sources: by clicks on the map, for what is selected, and as a list. */
export function SandboxBox() {
  const t = useText();
  const work = useApp((state) => state.view.work);
  const picks = usePicks("valves", SWITCHED);
  const sandbox = readSandbox(work);
  return (
    <details className="sandbox" open={countOf(sandbox) > 0 || picks.picking || undefined}>
      <summary>
        {t("sandbox.title")} {countOf(sandbox) > 0 && <b>{t("sandbox.count", { count: countOf(sandbox) })}</b>}
      </summary>
      <div className="sandbox-tools">
        <Button
          size="small"
          type={picks.picking ? "primary" : "default"}
          aria-pressed={picks.picking}
          onClick={picks.picking ? picks.stop : picks.start}
        >
          {t(picks.picking ? "pick.stop" : "sandbox.pick")}
        </Button>
        <SelectedSwitch sandbox={sandbox} />
      </div>
      {picks.picking && (
        <p className="note" role="status">
          {t("sandbox.hint")}
        </p>
      )}
      <Supposed sandbox={sandbox} />
    </details>
  );
}

/** What can be supposed of the selected valve or source. */
function SelectedSwitch({ sandbox }: { sandbox: Sandbox }) {
  const t = useText();
  const { planning } = useParts();
  const asset = useApp((state) => arrived(state.asset));
  if (asset === null || !SWITCHED.includes(asset.kind)) return null;
  const id = asset.asset_id;
  const stuck = sandbox.stuck.includes(id);
  return (
    <>
      <Button size="small" onClick={() => void planning.flip(id)}>
        {t(asset.kind === "valve" ? "sandbox.flipValve" : "sandbox.flipSource")}
      </Button>
      {asset.kind === "valve" && (
        <Button size="small" aria-pressed={stuck} onClick={() => planning.suppose((now) => withStuck(now, id))}>
          {t(stuck ? "sandbox.unstick" : "sandbox.stick")}
        </Button>
      )}
    </>
  );
}

function Supposed({ sandbox }: { sandbox: Sandbox }) {
  const t = useText();
  const { planning } = useParts();
  const lines = [
    ...[...sandbox.valves].map(([id, position]) => ({
      id,
      text: t(`sandbox.${position}`),
      undo: () => planning.suppose((now) => withValve(now, id, null)),
    })),
    ...[...sandbox.sources].map(([id, runs]) => ({
      id,
      text: t(runs ? "sandbox.runs" : "sandbox.stopped"),
      undo: () => planning.suppose((now) => withSource(now, id, null)),
    })),
    ...sandbox.stuck.map((id) => ({
      id,
      text: t("sandbox.stuck"),
      undo: () => planning.suppose((now) => withStuck(now, id)),
    })),
  ];
  if (lines.length === 0) return null;
  return (
    <ul className="supposed" aria-label={t("sandbox.list")}>
      {lines.map(({ id, text, undo }) => (
        <SupposedLine key={`${id} ${text}`} id={id} text={text} onUndo={undo} />
      ))}
    </ul>
  );
}

function SupposedLine({ id, text, onUndo }: { id: number; text: string; onUndo(): void }) {
  const t = useText();
  const asset = arrived(useAsset(id));
  const visit = useVisit();
  const name = asset === null ? `#${id}` : (asset.kind === "valve" ? asset.code : asset.name) || asset.code;
  return (
    <li>
      <button type="button" className="link" onClick={() => visit(id, asset?.position)}>
        {name}
      </button>
      <em>{text}</em>
      <button type="button" className="more" aria-label={t("sandbox.undo", { name })} onClick={onUndo}>
        ✕
      </button>
    </li>
  );
}
