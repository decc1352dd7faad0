import { BUILDINGS_FROM } from "./buildings";
import { DEVICE_SIGNS } from "./devices";
import { GAS_SIGNS } from "./gas";
import type { LayerId } from "./ids";
import { MAIN_SIGNS } from "./mains";
import { NO_BURN_SIGNS } from "./noBurn";
import { SAFETY_SIGNS } from "./safety";
import { WEATHER_SIGNS } from "./weather";

/** Layer that draws a kind, and the zoom from which it does. */
export interface DrawnBy {
  layer: LayerId;
  zoom: number;
}

const DRAWN: Record<string, DrawnBy> = {
  plant: { layer: "stations", zoom: 8 },
  boiler_house: { layer: "stations", zoom: 8 },
  substation: { layer: "stations", zoom: 10 },
  pipe: { layer: "network", zoom: 10 },
  gas_pipe: { layer: "gas", zoom: 10 },
  valve: { layer: "fittings", zoom: 15 },
  chamber: { layer: "fittings", zoom: 15 },
  building_inlet: { layer: "fittings", zoom: 16 },
  pipe_point: { layer: "fittings", zoom: 16.5 },
  building: { layer: "buildings", zoom: BUILDINGS_FROM },
  estate: { layer: "coverage-estate", zoom: 13 },
  licence_area: { layer: "licence", zoom: 8 },
  coverage_area: { layer: "coverage-company", zoom: 8 },
  district: { layer: "base", zoom: 8 },
  zone: { layer: "areas", zoom: 9 },
  township: { layer: "areas", zoom: 10 },
  subdistrict: { layer: "areas", zoom: 11 },
  community: { layer: "areas", zoom: 13 },
  village: { layer: "areas", zoom: 12.5 },
  road: { layer: "base", zoom: 10 },
  crossing: { layer: "base", zoom: 16 },
  water: { layer: "base", zoom: 8 },
  green: { layer: "base", zoom: 11 },
};

/** Where a kind is drawn; null for one that the map shows only when it is selected. */
export function drawnBy(kind: string): DrawnBy | null {
  const layers = {
    mains: MAIN_SIGNS,
    devices: DEVICE_SIGNS,
    weather: WEATHER_SIGNS,
    gas: GAS_SIGNS,
    safety: SAFETY_SIGNS,
    "no-burn": NO_BURN_SIGNS,
  } as const;
  for (const [layer, list] of Object.entries(layers)) {
    const sign = list.find((one) => one.kind === kind);
    if (sign !== undefined) return { layer: layer as LayerId, zoom: sign.from };
  }
  return DRAWN[kind] ?? null;
}
