import type { LayerDefinition } from "./definition";
import { COLOURS } from "./palette";
import { type Sign, signs } from "./signs";

/** A city has hundreds of thousands of these: each kind comes only where its signs can be told apart. */
export const DEVICE_SIGNS: readonly Sign[] = [
  { kind: "camera", from: 14, named: 17, size: [0.5, 0.8] },
  { kind: "pressure_point", from: 15, named: 17, size: [0.5, 0.8] },
  { kind: "gateway", from: 15, named: 17.5, size: [0.5, 0.8] },
  { kind: "heating_device", from: 15, named: 18, size: [0.4, 0.7] },
  { kind: "room_sensor", from: 16, named: 19, size: [0.4, 0.7] },
];

export const devices: LayerDefinition = {
  id: "devices",
  group: "monitoring",
  title: { zh: "测压点、网关、摄像头、室温", en: "Pressure, gateways, cameras, rooms" },
  minZoom: 14,
  maxZoom: 24,
  build: (input) => signs(input, "devices", COLOURS.device, DEVICE_SIGNS),
};
