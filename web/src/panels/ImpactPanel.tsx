import { Button, Segmented } from "antd";
import { useState } from "react";
import type { Figures, Impact } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { COLOURS } from "../layers/palette";
import { useApp, useParts } from "../state/context";
import { formatArea, formatLength, formatNumber, formatValue } from "../units";
import { Figure } from "./Figure";
import { Panel } from "./Panel";
import { RemoteNote } from "./RemoteNote";

const SETS = ["reach", "lost", "degraded"] as const;
type SetName = (typeof SETS)[number];
const FIRST_CHIPS = 4;
const SET_COLOURS: Record<SetName, string> = { reach: "#ffffff", lost: COLOURS.lost, degraded: COLOURS.degraded };

/** What hangs on the selected asset: exactly the server's three lists with their figures. */
export function ImpactPanel() {
  const t = useText();
  const impact = useApp((state) => state.impact);
  const { controller } = useParts();
  if (impact.state === "idle") return null;
  const fit = impact.state === "ready" && impact.value.reach.asset_ids.length > 0 && (
    <Button size="small" onClick={() => controller.fitImpact()}>
      {t("impact.fit")}
    </Button>
  );
  return (
    <Panel title={t("impact.title")} className="impact" extra={fit}>
      <RemoteNote remote={impact} />
      {impact.state === "ready" && <Answer impact={impact.value} />}
    </Panel>
  );
}

function firstSet(impact: Impact): SetName {
  return impact.lost.asset_ids.length > 0 ? "lost" : impact.degraded.asset_ids.length > 0 ? "degraded" : "reach";
}

function Answer({ impact }: { impact: Impact }) {
  const t = useText();
  const [chosen, setChosen] = useState<SetName | null>(null);
  const name = chosen ?? firstSet(impact);
  const options = SETS.map((set) => ({
    value: set,
    label: (
      <span className="set-label">
        <i style={{ background: SET_COLOURS[set] }} aria-hidden="true" />
        {t(`impact.${set}`)} {impact[set].asset_ids.length}
      </span>
    ),
  }));
  return (
    <>
      <Segmented
        block
        size="small"
        options={options}
        value={name}
        onChange={setChosen}
        aria-label={t("impact.title")}
      />
      <RingFigures ring={impact[name]} />
      <p className="note">{t(`impact.how.${name}`)}</p>
      <SubstationList key={name} ring={impact[name]} />
      <AssetIds ring={impact[name]} set={name} />
      <p className="note">{t("impact.versions", { network: impact.network_version, valve: impact.valve_version })}</p>
    </>
  );
}

function RingFigures({ ring }: { ring: Figures }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const count = (kind: string) => formatNumber(ring.counts[kind] ?? 0, 0, lang);
  return (
    <dl className="figures">
      <Figure label={t("impact.substations")} value={count("substation")} />
      <Figure label={t("impact.buildings")} value={count("building")} />
      <Figure label={t("impact.users")} value={formatNumber(ring.heat_user_count, 0, lang)} />
      <Figure label={t("impact.area")} value={formatArea(ring.heated_area_m2, lang)} />
      <Figure label={t("impact.load")} value={formatValue(ring.heat_load_mw, "MW", lang)} />
      <Figure label={t("impact.pipes")} value={formatLength(ring.pipe_length_m, lang)} />
    </dl>
  );
}

function SubstationList({ ring }: { ring: Figures }) {
  const { controller } = useParts();
  const t = useText();
  const [all, setAll] = useState(false);
  if (ring.substations.length === 0) return null;
  return (
    <ul className="chips">
      {(all ? ring.substations : ring.substations.slice(0, FIRST_CHIPS)).map((item) => (
        <li key={item.asset_id}>
          <button type="button" onClick={() => controller.select(item.asset_id)}>
            {item.name}
          </button>
        </li>
      ))}
      {!all && ring.substations.length > FIRST_CHIPS && (
        <li>
          <button type="button" className="more" onClick={() => setAll(true)}>
            {t("app.more", { count: ring.substations.length - FIRST_CHIPS })}
          </button>
        </li>
      )}
    </ul>
  );
}

function AssetIds({ ring, set }: { ring: Figures; set: SetName }) {
  const t = useText();
  return (
    <details className="ids">
      <summary>{t("impact.assets", { count: ring.asset_ids.length })}</summary>
      {ring.outside_scope > 0 && <p className="note">{t("impact.outside", { count: ring.outside_scope })}</p>}
      <p className="id-list" data-testid={`ids-${set}`}>
        {ring.asset_ids.join(" ")}
      </p>
    </details>
  );
}
