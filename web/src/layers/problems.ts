import type { FilterSpecification, LayerSpecification } from "maplibre-gl";
import type { Severity } from "../api/records";
import { codeOf, type LayerDefinition, type LayerInput } from "./definition";

/** Colours of severities: none is red, which is an alarm's; each severity has a shape of its own besides. */
export const SEVERITY_COLOURS: Record<Severity, string> = {
  error: "#e879f9",
  warning: "#facc15",
  notice: "#93c5fd",
};
const DRAWN: readonly Severity[] = ["notice", "warning", "error"];
export const PROBLEM_LAYERS = [...DRAWN].reverse().map((severity) => `problems-${severity}`);
const TILESET = "problems";
const LAYER = "problem";

function equals(input: LayerInput, field: string, name: string): FilterSpecification {
  return ["==", ["coalesce", ["get", field], -1], codeOf(input, TILESET, LAYER, field, name)];
}

/** What the panel lists is what the map shows: the state, and the rule when one is open. */
function filter(input: LayerInput, severity: Severity): FilterSpecification {
  const { state, rule } = input.problems;
  const wanted = [equals(input, "severity", severity), equals(input, "state", state)];
  return ["all", ...wanted, ...(rule === null ? [] : [equals(input, "rule", rule)])] as FilterSpecification;
}

function signs(input: LayerInput, severity: Severity): LayerSpecification {
  const chosen: FilterSpecification = ["==", ["id"], input.problems.chosen ?? -1];
  return {
    id: `problems-${severity}`,
    type: "symbol",
    source: TILESET,
    "source-layer": LAYER,
    filter: filter(input, severity),
    layout: {
      "icon-image": `problem-${severity}`,
      "icon-size": ["interpolate", ["linear"], ["zoom"], 9, 0.28, 13, 0.5, 17, ["case", chosen, 1.15, 0.8]] as never,
      "icon-allow-overlap": true,
      "icon-ignore-placement": true,
    },
  };
}

/** What the checks found, by severity. */
export const problems: LayerDefinition = {
  id: "problems",
  group: "quality",
  title: { zh: "数据问题", en: "Data problems" },
  minZoom: 8,
  maxZoom: 24,
  build: (input) => (input.tilesets[TILESET] ? DRAWN.map((severity) => signs(input, severity)) : []),
};
