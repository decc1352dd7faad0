import type { FilterSpecification, LayerSpecification } from "maplibre-gl";
import type { Alarm, Colouring, Field, Impact, Raster, Rollout } from "../api/shapes";
import type { TileJson } from "../state/app";
import type { Marks } from "../state/marks";
import type { Overlay } from "../state/overlay";
import type { RolloutChoice, RolloutMap } from "../state/rolloutMap";
import type { LayerGroup, LayerId } from "./ids";

/** What layers are built from: a part of the state, nothing else. */
export interface LayerInput {
  lang: "zh" | "en";
  mode: "2d" | "3d";
  tilesets: Record<string, TileJson>;
  rasters: readonly Raster[];
  rollout: Rollout | null;
  /** What the map of the rollout shows beside its tiles, and what of it was chosen. */
  rolloutMap: RolloutMap;
  rolloutChoice: RolloutChoice;
  alarms: readonly Alarm[];
  impact: Impact | null;
  selected: number | null;
  /** Position of the selected asset, if it is here already. */
  selectedAt: [number, number] | null;
  /** How the water of the selected pipe runs, as last solved, and whether the network has changed since. */
  selectedFlow: { way: GeoJSON.Geometry; stale: boolean } | null;
  /** What of the problems is shown: by state, by rule (null: all), and which one is open. */
  problems: { state: string; rule: string | null; chosen: number | null; revision: number };
  /** What the pipes are coloured by; null: level and side. */
  colouring: Colouring | null;
  /** Imagery lies below everything in place of the map. */
  imagery: boolean;
  /** The live field over the ground, and the past time that it is shown at. */
  field: { shown: Field; at: string | null; city: number } | null;
  /** What the open panel draws. */
  overlay: Overlay;
  /** What the open tool of a planner draws. */
  marks: Marks;
}

/** Bands of pipes, in the order of their colours. */
export interface Bands {
  by: string;
  names: readonly string[];
  /** What age is counted to. */
  year?: number;
}

export interface LayerDefinition {
  id: LayerId;
  group: LayerGroup;
  title: { zh: string; en: string };
  /** Zooms at which the layer can be seen; every layer names them. */
  minZoom: number;
  maxZoom: number;
  /** Style layers, bottom to top. Empty when what they need is not there. */
  build(input: LayerInput): LayerSpecification[];
}

/** Code of a name in a tileset, such as `assets`, `asset`, `kind`, `substation`; -1 when the tileset does not know it. */
export function codeOf(input: LayerInput, tileset: string, layer: string, field: string, name: string): number {
  const codes = input.tilesets[tileset]?.vector_layers.find((item) => item.id === layer)?.codes[field] ?? {};
  const found = Object.entries(codes).find(([, meaning]) => meaning === name);
  return found === undefined ? -1 : Number(found[0]);
}

export function codesOf(input: LayerInput, tileset: string, layer: string, field: string, names: string[]): number[] {
  return names.map((name) => codeOf(input, tileset, layer, field, name)).filter((code) => code >= 0);
}

/** Filter "this field is one of these codes". */
export function among(field: string, codes: number[]): FilterSpecification {
  return ["in", ["coalesce", ["get", field], -1], ["literal", codes]] as FilterSpecification;
}

/** Dims what lies around an answer while an answer is drawn. */
export function dimmed(input: LayerInput, opacity: number): number {
  return input.impact === null && !input.marks.dims ? opacity : opacity * 0.35;
}

export const FONT = ["Noto Sans CJK SC"];
