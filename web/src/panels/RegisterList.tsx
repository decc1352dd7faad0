import { useEffect, useState } from "react";
import type { Asset } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { failed, LOADING, type Remote, ready } from "../state/remote";
import { formatNumber } from "../units";
import { RemoteNote } from "./RemoteNote";
import { heatState, REGISTER_OF, type Rows, rowDetails, rowsByState, rowTitle } from "./registers";

const PAGE = 10;

/** The rows that hang on an asset: heat users of a building, households of a village, projects of a district; nothing without any. */
export function RegisterList({ asset }: { asset: Pick<Asset, "kind" | "asset_id"> }) {
  const register = REGISTER_OF[asset.kind];
  return register === undefined ? null : <List register={register} assetId={asset.asset_id} />;
}

function List({ register, assetId }: { register: string; assetId: number }) {
  const { controller } = useParts();
  const [offset, setOffset] = useState(0);
  const [found, setFound] = useState<Remote<Rows>>(LOADING);
  useEffect(() => {
    let left = false;
    controller.rowsOf(register, assetId, offset, PAGE).then(
      (rows) => !left && setFound(ready(rows)),
      (error: Error) => !left && setFound(failed(error.message)),
    );
    return () => {
      left = true;
    };
  }, [controller, register, assetId, offset]);
  if (found.state !== "ready") return <RemoteNote remote={found} />;
  if (found.value.total === 0) return null;
  return <Page rows={found.value} offset={offset} onOffset={setOffset} />;
}

function Page({ rows, offset, onOffset }: { rows: Rows; offset: number; onOffset(offset: number): void }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const number = (value: number) => formatNumber(value, 0, lang);
  const last = offset + rows.items.length;
  return (
    <section className="register" data-testid="register">
      <h3>
        {lang === "zh" ? rows.name_zh : rows.name_en} {number(rows.total)}
      </h3>
      <p className="note" data-testid="register-states">
        {rowsByState(rows, lang, t)
          .map(([label, count]) => `${label} ${number(count)}`)
          .join(" · ")}
      </p>
      {rows.items.some((row) => row.masked) && <p className="note">{t("register.masked")}</p>}
      <ul className="rows">
        {rows.items.map((row) => (
          <li key={row.row_id} className="row">
            <span className="row-text">
              <strong>{rowTitle(rows, row, t)}</strong>
              <span className="row-detail">
                {[
                  ...rowDetails(rows, row, lang),
                  ...(rows.kind === "heat_user" ? [t(heatState(row.attributes))] : []),
                ].join(" · ")}
              </span>
            </span>
          </li>
        ))}
      </ul>
      <p className="total">
        <button type="button" className="more" disabled={offset === 0} onClick={() => onOffset(offset - PAGE)}>
          {t("register.before")}
        </button>{" "}
        {t("register.page", { from: number(offset + 1), to: number(last), count: number(rows.total) })}{" "}
        <button type="button" className="more" disabled={last >= rows.total} onClick={() => onOffset(offset + PAGE)}>
          {t("register.after")}
        </button>
      </p>
    </section>
  );
}
