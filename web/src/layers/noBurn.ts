import type { LayerSpecification } from "maplibre-gl";
import { among, codesOf, FONT, type LayerDefinition, type LayerInput } from "./definition";
import { COLOURS } from "./palette";
import { type Sign, signs } from "./signs";

export const NO_BURN_SIGNS: readonly Sign[] = [{ kind: "no_burn_zone", from: 11, named: 12, size: [0.6, 1] }];

/** State, colour, dashes of the border, share of the ground that is covered. */
export const NO_BURN_STATES = [
  { state: "in_force", zh: "已生效", en: "in force", colour: "#34d399", dashes: [1, 0], cover: 0.16 },
  { state: "key_control", zh: "重点管控", en: "special control", colour: "#fbbf24", dashes: [1, 0], cover: 0.24 },
  { state: "planned", zh: "拟划定", en: "planned", colour: "#38bdf8", dashes: [3, 2], cover: 0.08 },
  { state: "lifted", zh: "已解除", en: "lifted", colour: "#94a3b8", dashes: [1, 3], cover: 0.04 },
] as const;

function zone(
  input: LayerInput,
  { state, colour, dashes, cover }: (typeof NO_BURN_STATES)[number],
): LayerSpecification[] {
  const filter = among("of_kind", codesOf(input, "coverage", "coverage", "of_kind", [`no_burn_${state}`]));
  const from = { source: "coverage", "source-layer": "coverage", filter } as const;
  return [
    { id: `no-burn-${state}-fill`, type: "fill", ...from, paint: { "fill-color": colour, "fill-opacity": cover } },
    {
      id: `no-burn-${state}-edge`,
      type: "line",
      ...from,
      paint: { "line-color": colour, "line-width": 1.8, "line-dasharray": [...dashes] },
    },
    {
      id: `no-burn-${state}-name`,
      type: "symbol",
      ...from,
      "source-layer": "coverage_name",
      minzoom: 9.5,
      maxzoom: 12,
      layout: { "text-field": ["coalesce", ["get", "name"], ""], "text-font": FONT, "text-size": 12 },
      paint: { "text-color": colour, "text-halo-color": COLOURS.halo, "text-halo-width": 1.6 },
    },
  ];
}

/** Zones where nothing dirty may be burnt: areas by their state, and sites that are points. */
export const noBurn: LayerDefinition = {
  id: "no-burn",
  group: "safety",
  title: { zh: "高污染燃料禁燃区", en: "No-burn zones" },
  minZoom: 9,
  maxZoom: 24,
  build: (input) => [
    ...(input.tilesets.coverage ? NO_BURN_STATES.flatMap((one) => zone(input, one)) : []),
    ...signs(input, "no-burn", COLOURS.noBurn, NO_BURN_SIGNS),
  ],
};
