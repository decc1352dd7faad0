import type { LayerDefinition } from "./definition";
import { COLOURS } from "./palette";
import { type Sign, signs } from "./signs";

export const WEATHER_SIGNS: readonly Sign[] = [
  { kind: "weather_station", from: 10, named: 13, size: [0.5, 0.9] },
  { kind: "air_station", from: 10, named: 13, size: [0.5, 0.9] },
];

export const weather: LayerDefinition = {
  id: "weather",
  group: "monitoring",
  title: { zh: "气象站、空气质量站", en: "Weather and air stations" },
  minZoom: 10,
  maxZoom: 24,
  build: (input) => signs(input, "weather", COLOURS.weather, WEATHER_SIGNS),
};
