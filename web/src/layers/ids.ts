/** Layers a person can switch, bottom to top. */
export const LAYER_IDS = [
  "hillshade",
  "base",
  "rollout",
  "buildings",
  "network",
  "stations",
  "fittings",
  "alarms",
] as const;

export type LayerId = (typeof LAYER_IDS)[number];

export const VISIBLE_AT_FIRST: readonly LayerId[] = ["base", "buildings", "network", "stations", "fittings", "alarms"];
