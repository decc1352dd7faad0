import { alarms } from "./alarms";
import { base } from "./base";
import { buildings } from "./buildings";
import type { LayerDefinition } from "./definition";
import { fittings } from "./fittings";
import { hillshade } from "./hillshade";
import { LAYER_IDS, type LayerId } from "./ids";
import { network } from "./network";
import { rollout } from "./rollout";
import { stations } from "./stations";

const DEFINITIONS: Record<LayerId, LayerDefinition> = {
  hillshade,
  base,
  rollout,
  buildings,
  network,
  stations,
  fittings,
  alarms,
};

/** All layers, bottom to top. A new layer is one file, one id in `ids.ts` and one line here. */
export const LAYERS: readonly LayerDefinition[] = LAYER_IDS.map((id) => DEFINITIONS[id]);

export function inRange(layer: LayerDefinition, zoom: number): boolean {
  return zoom >= layer.minZoom && zoom < layer.maxZoom;
}
