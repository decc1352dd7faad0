import { Segmented } from "antd";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { Panel } from "./Panel";
import { AirPart } from "./RolloutAir";
import { DevicesPart } from "./RolloutDevices";
import { RoomsPart } from "./RolloutRooms";
import "./rolloutLive.css";

const PARTS = ["devices", "rooms", "air"] as const;
type Part = (typeof PARTS)[number];

/** What the rollout's devices, rooms and air do now. */
export default function RolloutLivePanel() {
  const t = useText();
  const { desk } = useParts();
  const asked = useApp((state) => state.view.work.part);
  const part: Part = PARTS.find((one) => one === asked) ?? "devices";
  return (
    <Panel title={t("rollout-live.title")} className="work-panel rollout-live">
      <Segmented
        block
        size="small"
        aria-label={t("rollout-live.part")}
        options={PARTS.map((value) => ({ value, label: t(`rollout-live.part.${value}`) }))}
        value={part}
        onChange={(value) => desk.set({ part: value, area: null })}
      />
      {part === "devices" && <DevicesPart />}
      {part === "rooms" && <RoomsPart />}
      {part === "air" && <AirPart />}
    </Panel>
  );
}
