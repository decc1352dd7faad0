/** Layers a person can switch, bottom to top. */
export const LAYER_IDS = [
  "hillshade",
  "base",
  "rollout",
  "rollout-areas",
  "areas",
  "licence",
  "coverage-company",
  "coverage-plant",
  "coverage-boiler-house",
  "coverage-substation",
  "coverage-estate",
  "no-burn",
  "buildings",
  "network",
  "gas",
  "devices",
  "weather",
  "stations",
  "mains",
  "fittings",
  "safety",
  "rollout-projects",
  "problems",
  "alarms",
] as const;

export type LayerId = (typeof LAYER_IDS)[number];

export const VISIBLE_AT_FIRST: readonly LayerId[] = [
  "base",
  "buildings",
  "network",
  "stations",
  "mains",
  "fittings",
  "alarms",
];

/** Groups of layers in the layer panel, top first. */
export const LAYER_GROUPS = ["heat", "monitoring", "safety", "quality", "rollout", "coverage", "ground"] as const;
export type LayerGroup = (typeof LAYER_GROUPS)[number];
