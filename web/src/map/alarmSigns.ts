/** The signs of alarms over the 3D view, where solids would hide those of the flat map. */

import type { Layer } from "@deck.gl/core";
import { IconLayer } from "@deck.gl/layers";
import type { Alarm } from "../api/shapes";
import { worstByAsset } from "../layers/alarms";
import { alarmAddress, SIGN_PX } from "./icons";

export const ALARM_SIGNS = "alarm-signs";
/** Size on the page and how far above its place a sign stands, as on the flat map. */
const [SHOWN_PX, RISE_PX] = [22, -22];

/** One diamond with its level for the worst alarm of each asset; the most urgent is drawn last. */
export function alarmSigns(alarms: readonly Alarm[]): Layer[] {
  const data = worstByAsset(alarms).sort((a, b) => b.level - a.level);
  if (data.length === 0) return [];
  return [
    new IconLayer<Alarm>({
      id: ALARM_SIGNS,
      data,
      getPosition: ({ position }) => [...(position as readonly [number, number]), 0] as [number, number, number],
      getIcon: ({ level }) => ({ url: alarmAddress(level), id: `alarm-${level}`, width: SIGN_PX, height: SIGN_PX }),
      sizeUnits: "pixels",
      getSize: SHOWN_PX,
      getPixelOffset: [0, RISE_PX],
      parameters: { depthCompare: "always", depthWriteEnabled: false },
    }),
  ];
}
