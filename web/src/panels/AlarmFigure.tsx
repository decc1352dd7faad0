import { useText } from "../i18n/hooks";
import { useApp } from "../state/context";
import { formatValue } from "../units";

interface AlarmFigureProps {
  of: { rule_code: string; value: number; limit_value: number; unit: string };
}

/** Whether a rule rings by a signal: its value says no more than its name. */
export function isSignal(of: { rule_code: string }): boolean {
  return of.rule_code.endsWith("_signal");
}

/** The value and the limit of an alarm, ending in a dot; nothing of a signal, whose name says all there is. */
export function AlarmFigure({ of }: AlarmFigureProps) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  if (isSignal(of)) return null;
  return (
    <>
      <b>{formatValue(of.value, of.unit, lang)}</b> ·{" "}
      {t("alarm.limit", { value: formatValue(of.limit_value, of.unit, lang) })} ·{" "}
    </>
  );
}
