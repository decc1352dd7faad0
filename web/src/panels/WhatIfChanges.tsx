import { Button, InputNumber } from "antd";
import { useState } from "react";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import { PickList } from "./PickList";
import { useAsset, usePicks, useVisit } from "./planning";
import { readLeaks, writeLeaks } from "./whatIf";

/** What is supposed: valves, pumps, sources, leaks, the weather. */
export function WhatIfChanges() {
  const t = useText();
  const { desk } = useParts();
  const outdoor = useApp((state) => state.view.work.outdoor);
  const close = usePicks("close", ["valve"]);
  const open = usePicks("open", ["valve"]);
  const pumps = usePicks("stop_pumps", ["relay_pump_station"]);
  const sources = usePicks("stop_sources", ["plant", "boiler_house"]);
  return (
    <>
      <PickList label={t("whatif.close")} picks={close} hint={t("whatif.pickValves")} />
      <PickList label={t("whatif.open")} picks={open} hint={t("whatif.pickValves")} />
      <PickList label={t("whatif.stopPumps")} picks={pumps} hint={t("whatif.pickPumps")} />
      <PickList label={t("whatif.stopSources")} picks={sources} hint={t("whatif.pickSources")} />
      <Leaks />
      <label className="whatif-outdoor" htmlFor="whatif-outdoor">
        {t("whatif.outdoor")}{" "}
        <InputNumber
          id="whatif-outdoor"
          size="small"
          min={-60}
          max={15}
          value={outdoor === undefined ? null : Number(outdoor)}
          placeholder={t("whatif.design")}
          onChange={(value) => desk.set({ outdoor: value === null ? null : String(value) })}
        />{" "}
        °C
      </label>
    </>
  );
}

/** A leak in the middle of the selected pipe. */
function Leaks() {
  const t = useText();
  const { desk } = useParts();
  const text = useApp((state) => state.view.work.leak);
  const asset = useApp((state) => arrived(state.asset));
  const [flow, setFlow] = useState(5);
  const leaks = readLeaks(text);
  const set = (next: typeof leaks) => desk.set({ leak: writeLeaks(next) });
  return (
    <section className="pick-list" aria-label={t("whatif.leak")}>
      <header>
        <h3>
          {t("whatif.leak")} <span className="count">{leaks.length}</span>
        </h3>
        <InputNumber
          size="small"
          min={0.1}
          max={2000}
          value={flow}
          aria-label={t("whatif.leakFlow")}
          suffix="kg/s"
          onChange={(value) => setFlow(value ?? 5)}
        />
        <Button
          size="small"
          disabled={asset?.kind !== "pipe"}
          title={asset?.kind === "pipe" ? undefined : t("whatif.leakHint")}
          onClick={() => {
            if (asset === null) return;
            const others = leaks.filter((leak) => leak.asset_id !== asset.asset_id);
            set([...others, { asset_id: asset.asset_id, kg_per_s: flow }]);
          }}
        >
          {t("whatif.leakHere")}
        </Button>
      </header>
      <ul className="chips">
        {leaks.map((leak) => (
          <LeakChip
            key={leak.asset_id}
            id={leak.asset_id}
            flow={leak.kg_per_s}
            onRemove={() => set(leaks.filter((each) => each.asset_id !== leak.asset_id))}
          />
        ))}
      </ul>
    </section>
  );
}

function LeakChip({ id, flow, onRemove }: { id: number; flow: number; onRemove(): void }) {
  const t = useText();
  const visit = useVisit();
  const asset = arrived(useAsset(id));
  const name = asset === null ? `#${id}` : asset.name || asset.code;
  return (
    <li className="picked">
      <button type="button" onClick={() => visit(id, asset?.position)}>
        {name} {flow} kg/s
      </button>
      <button type="button" aria-label={t("pick.remove", { name })} onClick={onRemove}>
        ✕
      </button>
    </li>
  );
}
