import type { Asset } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { currentCity } from "../state/app";
import { useApp } from "../state/context";
import { formatTime, formatValue } from "../units";

/** How the water of a pipe runs, in one line with the time of the solve; null where nothing is known. */
export function useFlowLine(asset: Asset | null): string | null {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "Asia/Shanghai");
  const solved = asset?.solved;
  if (!solved || solved.flow_direction === null) return null;
  const time = formatTime(Date.parse(solved.solved_at), zone, lang);
  const { flow_direction, flow_m3_per_h } = solved;
  const flow = formatValue(flow_m3_per_h === null ? null : Math.abs(flow_m3_per_h), "m3/h", lang, 0);
  const stands = flow_direction !== 0 && flow_direction !== 1;
  const text = stands ? t("solved.direction.2") : `${t(`solved.direction.${flow_direction as 0 | 1}`)} ${flow}`;
  return `${t("solved.flow")} ${text} · ${t("solved.at")} ${solved.stale ? t("solved.stale", { time }) : time}`;
}

/** What the last solve of its zone says: flow of a pipe, expected pressures of a substation. */
export function SolvedFacts({ solved }: { solved: Asset["solved"] }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "Asia/Shanghai");
  if (!solved) return null;
  const { flow_direction, flow_m3_per_h, supply_mpa, return_mpa } = solved;
  const time = formatTime(Date.parse(solved.solved_at), zone, lang);
  const flow = formatValue(flow_m3_per_h === null ? null : Math.abs(flow_m3_per_h), "m3/h", lang, 0);
  return (
    <>
      {flow_direction !== null && (
        <div>
          <dt>{t("solved.flow")}</dt>
          <dd>
            {flow_direction === 2
              ? t("solved.direction.2")
              : `${t(`solved.direction.${flow_direction as 0 | 1}`)} ${flow}`}
          </dd>
        </div>
      )}
      {supply_mpa !== null && (
        <div>
          <dt>{t("solved.pressures")}</dt>
          <dd>
            {formatValue(supply_mpa, "MPa", lang)} / {formatValue(return_mpa, "MPa", lang)}
          </dd>
        </div>
      )}
      <div>
        <dt>{t("solved.at")}</dt>
        <dd>{solved.stale ? t("solved.stale", { time }) : time}</dd>
      </div>
    </>
  );
}
