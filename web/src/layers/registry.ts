import { alarms } from "./alarms";
import { areas } from "./areas";
import { base } from "./base";
import { buildings } from "./buildings";
import {
  boilerHouseCoverage,
  companyCoverage,
  estateCoverage,
  licence,
  plantCoverage,
  substationCoverage,
} from "./coverage";
import type { LayerDefinition } from "./definition";
import { devices } from "./devices";
import { fittings } from "./fittings";
import { gas } from "./gas";
import { hillshade } from "./hillshade";
import { LAYER_IDS, type LayerId } from "./ids";
import { mains } from "./mains";
import { network } from "./network";
import { noBurn } from "./noBurn";
import { problems } from "./problems";
import { rollout } from "./rollout";
import { rolloutAreas } from "./rolloutAreas";
import { rolloutProjects } from "./rolloutProjects";
import { safety } from "./safety";
import { stations } from "./stations";
import { weather } from "./weather";

const DEFINITIONS: Record<LayerId, LayerDefinition> = {
  hillshade,
  base,
  rollout,
  "rollout-areas": rolloutAreas,
  areas,
  licence,
  "coverage-company": companyCoverage,
  "coverage-plant": plantCoverage,
  "coverage-boiler-house": boilerHouseCoverage,
  "coverage-substation": substationCoverage,
  "coverage-estate": estateCoverage,
  "no-burn": noBurn,
  buildings,
  network,
  gas,
  devices,
  weather,
  stations,
  mains,
  fittings,
  safety,
  "rollout-projects": rolloutProjects,
  problems,
  alarms,
};

/** All layers, bottom to top. A new layer is one file, one id in `ids.ts` and one line here. */
export const LAYERS: readonly LayerDefinition[] = LAYER_IDS.map((id) => DEFINITIONS[id]);

export function inRange(layer: LayerDefinition, zoom: number): boolean {
  return zoom >= layer.minZoom && zoom < layer.maxZoom;
}
