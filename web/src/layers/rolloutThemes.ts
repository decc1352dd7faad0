/** The themes by which areas of the rollout are coloured: which attribute of the tiles, which colours, which rows of a card. */

import { OTHER_COLOUR } from "./palette";

export const THEMES = [
  "type",
  "management",
  "implementation",
  "monitoring",
  "faults",
  "satisfaction",
  "stage",
  "marker",
  "rate",
  "energy",
] as const;
export type Theme = (typeof THEMES)[number];

/** Areas that a theme can be drawn by; `auto` follows the zoom. */
export const TIERS = ["auto", "district", "township", "village"] as const;
export type Tier = (typeof TIERS)[number];

/** From here on villages are drawn in place of townships. */
export const VILLAGES_FROM_ZOOM = 10.5;

/** One of a few values: its name in the texts, its colour, and the sign by which it is known without the colour. */
export interface Choice {
  code: number;
  name: string;
  colour: string;
  sign: { zh: string; en: string };
}

export const TYPES: readonly Choice[] = [
  { code: 1, name: "electric", colour: "#38bdf8", sign: { zh: "电", en: "E" } },
  { code: 2, name: "biomass", colour: "#a3e635", sign: { zh: "生", en: "B" } },
  { code: 3, name: "solar", colour: "#fbbf24", sign: { zh: "阳", en: "S" } },
];
export const STAGES: readonly Choice[] = [
  { code: 1, name: "early", colour: "#fdba74", sign: { zh: "前", en: "P" } },
  { code: 2, name: "construction", colour: "#38bdf8", sign: { zh: "施", en: "C" } },
  { code: 3, name: "acceptance", colour: "#34d399", sign: { zh: "验", en: "A" } },
];
/** Exactly 300 devices count as "up to 300": the tender leaves that open. */
export const MARKERS: readonly Choice[] = [
  { code: 1, name: "unfinished", colour: "#fbbf24", sign: { zh: "△", en: "△" } },
  { code: 2, name: "upTo300", colour: "#38bdf8", sign: { zh: "○", en: "○" } },
  { code: 3, name: "over300", colour: "#a78bfa", sign: { zh: "□", en: "□" } },
];
export const ENERGIES: readonly Choice[] = [
  { code: 1, name: "heat", colour: "#fb923c", sign: { zh: "热", en: "H" } },
  { code: 2, name: "electric", colour: "#38bdf8", sign: { zh: "电", en: "E" } },
  { code: 3, name: "air", colour: "#a78bfa", sign: { zh: "空", en: "A" } },
  { code: 4, name: "biomass", colour: "#a3e635", sign: { zh: "生", en: "B" } },
  { code: 5, name: "gas", colour: "#f0abfc", sign: { zh: "气", en: "G" } },
  { code: 6, name: "solar", colour: "#fde047", sign: { zh: "阳", en: "S" } },
];

/** Colour by value, from its first number on. */
export type Ramp = readonly (readonly [from: number, colour: string])[];

const LITTLE_TO_MUCH = ["#f28e2b", "#f2c28b", "#c9d6df", "#6fa8dc", "#1f77d0"] as const;
const MUCH_IS_WORSE = [...LITTLE_TO_MUCH].reverse();
const COUNTS = ["#1e3a5f", "#27588c", "#2f78b8", "#4aa3df", "#8fd3ff"] as const;

function ramp(limits: readonly number[], colours: readonly string[]): Ramp {
  return limits.map((limit, i) => [limit, colours[i] ?? OTHER_COLOUR]);
}

/** How a theme colours: one of a few values, or a number by a ramp; `unit` says how its ends are written. */
export type Paint =
  | { by: "choice"; attribute: string; choices: readonly Choice[] }
  | { by: "ramp"; attribute: string; per?: string; times?: number; ramp: Ramp; unit: RampUnit };
export type RampUnit = "permille" | "count" | "perThousand" | "score";

const SHARE = ramp([0, 500, 700, 850, 1000], LITTLE_TO_MUCH);
/** Shares of one energy are small: ten kinds of areas have none at all. */
const PART = ramp([0, 50, 150, 300, 600], COUNTS);

/** What a theme is painted by; `energy` names the energy whose share is wanted, if any. */
export function paintOf(theme: Theme, energy: string | null): Paint {
  switch (theme) {
    case "type":
      return { by: "choice", attribute: "type", choices: TYPES };
    case "stage":
      return { by: "choice", attribute: "stage", choices: STAGES };
    case "marker":
      return { by: "choice", attribute: "marker", choices: MARKERS };
    case "energy": {
      const chosen = ENERGIES.find(({ name }) => name === energy);
      if (chosen === undefined) return { by: "choice", attribute: "energy", choices: ENERGIES };
      return { by: "ramp", attribute: `${chosen.name}_share`, ramp: PART, unit: "permille" };
    }
    case "implementation":
      return { by: "ramp", attribute: "completion", ramp: SHARE, unit: "permille" };
    case "rate":
      return { by: "ramp", attribute: "rate", ramp: SHARE, unit: "permille" };
    case "monitoring":
      return { by: "ramp", attribute: "use", ramp: SHARE, unit: "permille" };
    case "management":
      return { by: "ramp", attribute: "permanent", ramp: ramp([0, 50, 200, 1000, 5000], COUNTS), unit: "count" };
    case "faults":
      return {
        by: "ramp",
        attribute: "tickets",
        per: "finished",
        times: 1000,
        ramp: ramp([0, 5, 10, 20, 40], MUCH_IS_WORSE),
        unit: "perThousand",
      };
    case "satisfaction":
      return {
        by: "ramp",
        attribute: "satisfaction",
        ramp: ramp([100, 300, 380, 430, 500], LITTLE_TO_MUCH),
        unit: "score",
      };
  }
}

/** Attributes of the tiles that a card tells for a theme, after name and kind. */
export const ROWS: Record<Theme, readonly string[]> = {
  type: ["type", "finished", "completion"],
  management: ["permanent", "households"],
  implementation: ["target", "finished", "completion", "type"],
  monitoring: ["use", "use_now", "warmth", "room", "warm_enough", "devices"],
  faults: ["tickets", "tickets_before", "handling", "open_tickets"],
  satisfaction: ["satisfaction", "supplier_satisfaction", "answers"],
  stage: ["stage", "households", "finished"],
  marker: ["marker", "households", "finished", "installation", "devices"],
  rate: ["rate", "target_rate", "target", "completion"],
  energy: ["rate", "heat_share", "electric_share", "air_share", "biomass_share", "gas_share", "solar_share"],
};

/** Attributes that only the running devices know; they are asked for beside the tiles. */
export const LIVE_ATTRIBUTES: readonly string[] = ["use", "use_now", "warmth", "room", "warm_enough"];

/** Kinds of area that a tier draws at a zoom; rates and energies are reported by district, and by township where it does. */
export function drawnKinds(theme: Theme, tier: Tier): readonly { kind: AreaKind; from: number; to: number }[] {
  if (tier !== "auto") return [{ kind: tier, from: 0, to: 24 }];
  const reported = theme === "rate" || theme === "energy";
  return [
    { kind: reported ? "district" : "township", from: 0, to: VILLAGES_FROM_ZOOM },
    { kind: reported ? "township" : "village", from: VILLAGES_FROM_ZOOM, to: 24 },
  ];
}

export const AREA_KINDS = ["district", "zone", "township", "village"] as const;
export type AreaKind = (typeof AREA_KINDS)[number];

export function themeOf(text: string | undefined): Theme {
  return THEMES.find((theme) => theme === text) ?? "type";
}

export function tierOf(text: string | undefined): Tier {
  return TIERS.find((tier) => tier === text) ?? "auto";
}
