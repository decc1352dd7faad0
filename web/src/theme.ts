import { type ThemeConfig, theme } from "antd";

/** Dark ground, one accent; red stays free for alarms, so `colorError` is used by forms only. */
export const THEME: ThemeConfig = {
  algorithm: [theme.darkAlgorithm, theme.compactAlgorithm],
  token: {
    colorPrimary: "#22d3ee",
    colorBgBase: "#0b1624",
    colorBgContainer: "#10233a",
    colorBgElevated: "#132a45",
    colorTextBase: "#e2eefa",
    colorTextPlaceholder: "#8fa9c2",
    colorBorder: "#2b4a6e",
    colorInfo: "#22d3ee",
    fontFamily:
      "'Noto Sans SC Variable','Noto Sans SC','Noto Sans CJK SC','PingFang SC','Microsoft YaHei',system-ui,sans-serif",
    fontSize: 14,
    borderRadius: 4,
  },
  components: { Segmented: { itemSelectedBg: "#0e7490", itemSelectedColor: "#ffffff", trackBg: "#0d1d31" } },
};
