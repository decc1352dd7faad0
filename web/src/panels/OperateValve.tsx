import { Segmented, Select } from "antd";
import { useState } from "react";
import type { Operability, ValveState } from "../api/planner";
import { useText } from "../i18n/hooks";
import { useParts } from "../state/context";
import { useHindrance } from "./permissions";
import { ReasonBox } from "./ReasonBox";

const STATES = ["open", "closed", "unknown"] as const;
const OPERABILITIES = ["usable", "stuck", "no_access", "tagged_out"] as const;

/** Record how a valve stands, in the name of the seat: the next answers count with it. */
export function OperateValve({ id }: { id: number }) {
  const t = useText();
  const { desk, planning } = useParts();
  const hindrance = useHindrance("switch_valves", "valve.mayNot");
  const [state, setState] = useState<ValveState>("closed");
  const [operability, setOperability] = useState<Operability | undefined>(undefined);
  if (hindrance !== null) return <p className="note">{t(hindrance)}</p>;
  return (
    <section className="operate" aria-label={t("valve.operate")}>
      <h3>{t("valve.operate")}</h3>
      <div className="operate-line">
        <Segmented
          size="small"
          aria-label={t("valve.state")}
          options={STATES.map((value) => ({ value, label: t(`valve.${value}`) }))}
          value={state}
          onChange={setState}
        />
        <Select
          size="small"
          allowClear
          aria-label={t("valve.operability")}
          placeholder={t("valve.operability")}
          value={operability}
          options={OPERABILITIES.map((value) => ({ value, label: t(`operability.${value}`) }))}
          onChange={(next: Operability | undefined) => setOperability(next)}
        />
      </div>
      <ReasonBox
        hint={t("valve.note")}
        deeds={[
          {
            label: t("valve.record"),
            primary: true,
            sure: t("valve.recordSure", { state: t(`valve.${state}`) }),
            act: async (note) => {
              await planning.operateValve(id, { state, note, ...(operability === undefined ? {} : { operability }) });
              desk.changed();
            },
          },
        ]}
      />
    </section>
  );
}
