import { PieChart, RadarChart, TreemapChart } from "echarts/charts";
import { LegendComponent, RadarComponent } from "echarts/components";
import { use } from "echarts/core";
import { useChart } from "./chart";
import type { RolloutOption } from "./rolloutCharts";

use([PieChart, RadarChart, TreemapChart, RadarComponent, LegendComponent]);

interface RolloutChartProps {
  option: RolloutOption;
  /** What the chart shows, in words: its values stand in a list beside it. */
  label: string;
  heightPx: number;
}

/** A chart of the rollout; loaded when the first one is shown. */
export default function RolloutChart({ option, label, heightPx }: RolloutChartProps) {
  const ref = useChart(option);
  return <div ref={ref} className="rollout-chart" role="img" aria-label={label} style={{ height: heightPx }} />;
}
