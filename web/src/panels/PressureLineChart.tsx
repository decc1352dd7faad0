import { useText } from "../i18n/hooks";
import { useApp } from "../state/context";
import { useChart } from "./chart";
import { pressureOption } from "./pressureLine";
import type { LinePoint } from "./whatIf";

interface PressureLineProps {
  points: readonly LinePoint[];
  /** The same way before the change. */
  before?: readonly LinePoint[];
}

/** Heads along the way of the water from the source to a station (水压图). */
export function PressureLineChart({ points, before = [] }: PressureLineProps) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const labels = {
    supply: t("whatif.line.supply"),
    return: t("whatif.line.return"),
    static: t("whatif.line.static"),
    ground: t("whatif.line.ground"),
    boiling: t("whatif.line.boiling"),
    before: t("whatif.line.before"),
    distance: t("whatif.line.distance"),
    head: t("whatif.line.head"),
  };
  const ref = useChart(pressureOption(points, before, labels, lang));
  return <div ref={ref} className="chart pressure-line" data-testid="pressure-line" />;
}
