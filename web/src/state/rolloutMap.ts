/** What the map of the rollout shows beside its tiles. */

import type { ProjectFeatures } from "../api/shapes";
import { type Theme, type Tier, themeOf, tierOf } from "../layers/rolloutThemes";
import type { Work } from "./work";

/** Attributes of the areas by name, each by area id: of a past year, or live. */
export type AreaValues = Readonly<Record<string, ReadonlyMap<number, number>>>;

export interface RolloutMap {
  /** The year that the values are of; null: no past year is shown. */
  year: number | null;
  values: AreaValues;
  /** Years that figures are kept for. */
  years: readonly number[];
  live: AreaValues;
  projects: ProjectFeatures | null;
}

export const NO_ROLLOUT_MAP: RolloutMap = { year: null, values: {}, years: [], live: {}, projects: null };

/** What a person has chosen to see. */
export interface RolloutChoice {
  theme: Theme;
  tier: Tier;
  /** One energy of the five-energy layer; null: the strongest one. */
  energy: string | null;
  /** Only areas of this district, at this stage. */
  district: number | null;
  stage: number | null;
  /** Only the present is in the tiles; a past year comes beside them. */
  year: number | null;
  /** What the panel lists. */
  listed: Listed;
  /** The area and the project whose cards are open. */
  place: number | null;
  project: number | null;
}

export const LISTED = ["areas", "projects"] as const;
export type Listed = (typeof LISTED)[number];

function numberOf(text: string | undefined): number | null {
  const value = Number(text);
  return text === undefined || !Number.isInteger(value) || value <= 0 ? null : value;
}

export function rolloutChoice(work: Work): RolloutChoice {
  return {
    theme: themeOf(work.theme),
    tier: tierOf(work.tier),
    energy: work.energy ?? null,
    district: numberOf(work.district),
    stage: numberOf(work.at_stage),
    year: numberOf(work.year),
    listed: LISTED.find((one) => one === work.listed) ?? "areas",
    place: numberOf(work.place),
    project: numberOf(work.project),
  };
}
