import type { ExpressionSpecification, LayerSpecification } from "maplibre-gl";
import type { ProjectFeatures } from "../api/shapes";
import { FONT, type LayerDefinition, type LayerInput } from "./definition";
import { COLOURS, OTHER_COLOUR } from "./palette";

export const PROJECTS = "rollout-projects";
export const PROJECT_SIGN = "rollout-projects-sign";

/** Stages of a project with the colour of its sign, and how far the ring round it is closed. */
export const PROJECT_STAGES = [
  { stage: "前期", name: "early", colour: "#fdba74" },
  { stage: "施工", name: "construction", colour: "#38bdf8" },
  { stage: "竣工", name: "completed", colour: "#a78bfa" },
  { stage: "验收", name: "accepted", colour: "#34d399" },
] as const;
/** Kinds of project with the shape of their sign. */
export const PROJECT_KINDS = [
  { kind: "热源清洁化", name: "source" },
  { kind: "建筑能效提升", name: "building" },
  { kind: "能力建设", name: "capacity" },
] as const;

export function projectCollection(found: ProjectFeatures | null): GeoJSON.FeatureCollection {
  return (found ?? { type: "FeatureCollection", features: [] }) as unknown as GeoJSON.FeatureCollection;
}

function iconOf(): ExpressionSpecification {
  const kind = [
    "match",
    ["get", "project_kind"],
    ...PROJECT_KINDS.flatMap(({ kind: zh, name }) => [zh, name]),
    "source",
  ];
  const stage = ["match", ["get", "stage"], ...PROJECT_STAGES.flatMap(({ stage: zh, name }) => [zh, name]), "unknown"];
  return ["concat", "project-", kind, "-", stage] as unknown as ExpressionSpecification;
}

function signs(input: LayerInput): LayerSpecification[] {
  const chosen = ["==", ["id"], input.rolloutChoice.project ?? -1];
  // from 10,000 m² to 10 million m²: the area of a sign follows the logarithm of its scale
  const scale = ["log10", ["max", 10_000, ["coalesce", ["get", "scale_m2"], 0]]];
  const size = (small: number, large: number) => ["interpolate", ["linear"], scale, 4, small, 7, large];
  return [
    {
      id: `${PROJECTS}-chosen`,
      type: "circle",
      source: PROJECTS,
      filter: chosen as never,
      paint: {
        "circle-radius": 24,
        "circle-color": COLOURS.selected,
        "circle-opacity": 0.15,
        "circle-stroke-color": COLOURS.selected,
        "circle-stroke-width": 2,
      },
    },
    {
      id: PROJECT_SIGN,
      type: "symbol",
      source: PROJECTS,
      layout: {
        "icon-image": iconOf(),
        "icon-size": ["interpolate", ["linear"], ["zoom"], 8, size(0.35, 0.75), 15, size(0.6, 1.2)] as never,
        "icon-allow-overlap": true,
        // the largest lie lowest, so that small ones can be reached
        "symbol-sort-key": ["*", -1, ["coalesce", ["get", "scale_m2"], 0]],
        "text-field": ["step", ["zoom"], "", 12.5, ["get", "name"]],
        "text-font": FONT,
        "text-size": 12,
        "text-anchor": "top",
        "text-offset": [0, 1.4],
        "text-optional": true,
      },
      paint: { "text-color": COLOURS.text, "text-halo-color": COLOURS.halo, "text-halo-width": 1.6 },
    },
  ];
}

/** Projects of the rollout where they stand: the shape says the kind, the colour the stage, the size the scale. */
export const rolloutProjects: LayerDefinition = {
  id: "rollout-projects",
  group: "rollout",
  title: { zh: "清洁取暖项目", en: "Rollout projects" },
  minZoom: 0,
  maxZoom: 24,
  build: (input) => (input.rolloutMap.projects === null ? [] : signs(input)),
};

export function stageColour(stage: string | null): string {
  return PROJECT_STAGES.find((one) => one.stage === stage)?.colour ?? OTHER_COLOUR;
}
