import { type ChartOption, useChart } from "./chart";

/** A curve of the rollout; ECharts comes with it. */
export default function RolloutCurve({ option, label }: { option: ChartOption; label: string }) {
  const ref = useChart(option);
  return <div ref={ref} className="rollout-curve" role="img" aria-label={label} />;
}
