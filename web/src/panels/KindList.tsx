import { Input } from "antd";
import { useEffect, useState } from "react";
import type { Found } from "../api/server";
import type { KindCount } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { drawnBy } from "../layers/kinds";
import { useApp, useParts } from "../state/context";
import { failed, LOADING, type Remote, ready } from "../state/remote";
import { formatNumber } from "../units";
import { Panel } from "./Panel";
import { RemoteNote } from "./RemoteNote";

const MOST = 100;
const DELAY_MS = 250;

/** The first assets of a kind, found by name or code; one click goes there. */
export function KindList({ kind, onBack }: { kind: KindCount; onBack(): void }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const zoom = useApp((state) => state.view.camera?.zoom ?? 0);
  const { controller } = useParts();
  const [text, setText] = useState("");
  const [found, setFound] = useState<Remote<Found>>(LOADING);
  useEffect(() => {
    let left = false;
    const ask = () =>
      controller.ofKind(kind.kind, text.trim(), MOST).then(
        (answer) => !left && setFound(ready(answer)),
        (error: Error) => !left && setFound(failed(error.message)),
      );
    const timer = setTimeout(() => void ask(), text === "" ? 0 : DELAY_MS);
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, [controller, kind, text]);
  const items = found.state === "ready" ? found.value.items : [];
  const drawn = drawnBy(kind.kind);
  return (
    <Panel
      title={lang === "zh" ? kind.name_zh : kind.name_en}
      className="kind-list"
      extra={
        <button type="button" className="more" onClick={onBack}>
          {t("contents.back")}
        </button>
      }
    >
      <Input
        size="small"
        allowClear
        value={text}
        onChange={(event) => setText(event.target.value)}
        placeholder={t("search.placeholder")}
        aria-label={t("contents.find")}
      />
      {drawn !== null && zoom < drawn.zoom && <p className="note">{t("layers.outOfRange", { zoom: drawn.zoom })}</p>}
      <RemoteNote remote={found} />
      <ul className="rows">
        {items.map((item) => (
          <li key={item.asset_id} className="row">
            <button type="button" className="row-main" onClick={() => controller.visit(item.asset_id, item.position)}>
              <span className="row-text">
                <strong>{item.name || item.code}</strong>
                {item.name !== "" && <span className="row-detail">{item.code}</span>}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {found.state === "ready" && (
        <p className="total">
          {found.value.total === 0
            ? t("search.none")
            : t("contents.listed", {
                shown: formatNumber(items.length, 0, lang),
                count: formatNumber(found.value.total, 0, lang),
              })}
        </p>
      )}
    </Panel>
  );
}
