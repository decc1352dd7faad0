import { Button } from "antd";
import type { Alternative, Isolation } from "../api/planner";
import { useText } from "../i18n/hooks";
import { valveAddress } from "../map/icons";
import { useApp, useParts } from "../state/context";
import { readSandbox, type Sandbox, withValve } from "../state/sandbox";
import { formatArea, formatNumber, formatValue } from "../units";
import { isSupposed, letterOf } from "./isolation";
import { useVisit } from "./planning";
import { hindrance } from "./valves";

/** Closed valves whose opening gives heat back, those that give most first. */
export function AlternativeList({ isolation }: { isolation: Isolation }) {
  const t = useText();
  return (
    <section className="alternatives" aria-label={t("isolation.alternatives")}>
      <h3>{t("isolation.alternatives")}</h3>
      {isolation.alternatives.length === 0 && <p className="empty">{t("isolation.noAlternatives")}</p>}
      <ul className="rows">
        {isolation.alternatives.map((alternative, i) => (
          <AlternativeRow
            key={alternative.valves.map(({ asset_id }) => asset_id).join()}
            alternative={alternative}
            letter={letterOf(i)}
          />
        ))}
      </ul>
      <Possible valves={isolation.possible} />
    </section>
  );
}

/** Closed valves whose side nobody knows: as drawn they give back nobody, on the spot they may. */
function Possible({ valves }: { valves: Isolation["possible"] }) {
  const t = useText();
  const visit = useVisit();
  if (valves.length === 0) return null;
  return (
    <details className="named">
      <summary>
        {t("isolation.possible")} <b>{valves.length}</b>
      </summary>
      <ul className="chips">
        {valves.map((valve) => (
          <li key={valve.asset_id}>
            <button type="button" onClick={() => visit(valve.asset_id, valve.position)}>
              {valve.code || valve.name}
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}

function AlternativeRow({ alternative, letter }: { alternative: Alternative; letter: string }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const { planning } = useParts();
  const visit = useVisit();
  const work = useApp((state) => state.view.work);
  const supposed = isSupposed(alternative, readSandbox(work));
  const { gives_back: back, valves } = alternative;
  const set = (position: "open" | null) =>
    planning.suppose((now) =>
      valves.reduce<Sandbox>((sandbox, { asset_id }) => withValve(sandbox, asset_id, position), now),
    );
  const figures = [
    `${formatNumber(back.buildings, 0, lang)} ${t("unit.buildings")}`,
    `${formatNumber(back.heat_user_count, 0, lang)} ${t("unit.users")}`,
    formatArea(back.heated_area_m2, lang),
    formatValue(back.heat_load_mw, "MW", lang),
  ];
  return (
    <li className="row alternative">
      <div className="row-main plain">
        <img className="sign" src={valveAddress("valve-open")} alt="" />
        <span className="row-text">
          <strong>
            <i className="number">{letter}</i>
            {t("isolation.givesBack")} {figures[0]}
          </strong>
          <span className="row-detail">{figures.slice(1).join(" · ")}</span>
          <span className="row-detail">
            {valves.map((valve) => (
              <button
                key={valve.asset_id}
                type="button"
                className="link"
                onClick={() => visit(valve.asset_id, valve.position)}
              >
                {valve.code || valve.name}
                {hindrance(t, valve.operability) && ` (${hindrance(t, valve.operability)})`}
              </button>
            ))}
          </span>
          <Capacity capacity={alternative.capacity} bound={alternative.bound} />
        </span>
      </div>
      <Button size="small" aria-pressed={supposed} onClick={() => set(supposed ? null : "open")}>
        {t(supposed ? "sandbox.takeBack" : "sandbox.open")}
      </Button>
    </li>
  );
}

function Capacity({ capacity, bound }: Pick<Alternative, "capacity" | "bound">) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  if (capacity.enough === null) return <span className="row-detail">{t("capacity.unknown")}</span>;
  return (
    <span className={`row-detail ${capacity.enough ? "enough" : "short"}`}>
      {t(capacity.enough ? "capacity.enough" : "capacity.short")}{" "}
      {t("capacity.figures", {
        running: formatValue(capacity.running_mw, "MW", lang, 1),
        load: formatValue(capacity.load_mw, "MW", lang, 1),
      })}
      {bound?.by === "stations" &&
        ` ${t("capacity.bound", {
          names: bound.stations.map(({ name }) => name).join("、"),
          available: formatValue(bound.available_mw, "MW", lang, 1),
          load: formatValue(bound.load_mw, "MW", lang, 1),
        })}`}
    </span>
  );
}
