import type { Translate } from "../i18n/text";
import type { TextKey } from "../i18n/zh";
import { type Choice, ENERGIES, LIVE_ATTRIBUTES, MARKERS, type Paint, STAGES, TYPES } from "../layers/rolloutThemes";
import type { AreaValues } from "../state/rolloutMap";
import { formatNumber, formatShare, type Lang, MISSING } from "../units";

const CHOICES: Record<string, readonly Choice[]> = { type: TYPES, stage: STAGES, marker: MARKERS, energy: ENERGIES };
const UNITS: Record<string, TextKey> = {
  households: "rollout-map.households",
  target: "rollout-map.households",
  finished: "rollout-map.households",
  permanent: "rollout-map.households",
  devices: "rollout-map.devices",
  tickets: "rollout-map.times",
  tickets_before: "rollout-map.times",
  open_tickets: "rollout-map.pieces",
  answers: "rollout-map.answers",
};
const SHARES = ["completion", "installation", "rate", "target_rate", "use", "use_now", "warm_enough"];
const DEGREES = ["warmth", "room"];

export function choiceName(attribute: string, choice: Choice, t: Translate): string {
  return t(`rollout-map.${attribute}.${choice.name}` as TextKey);
}

/** An attribute of an area in words, with its unit: shares are in thousandths, scores in hundredths, warmth in tenths. */
export function attributeText(attribute: string, value: number | null, lang: Lang, t: Translate): string {
  if (value === null || value < 0) return MISSING;
  const choice = CHOICES[attribute]?.find(({ code }) => code === value);
  if (choice !== undefined) return `${choice.sign[lang]} ${choiceName(attribute, choice, t)}`;
  if (SHARES.includes(attribute) || attribute.endsWith("_share")) return formatShare(value / 1000, lang);
  if (attribute.endsWith("satisfaction")) return `${formatNumber(value / 100, 2, lang)} ${t("rollout-map.score")}`;
  if (DEGREES.includes(attribute)) return `${formatNumber(value / 10, 1, lang)} °C`;
  if (attribute === "handling") return `${formatNumber(value, 0, lang)} h`;
  const unit = UNITS[attribute];
  return `${formatNumber(value, 0, lang)}${unit === undefined ? "" : ` ${t(unit)}`}`;
}

interface Known {
  id: number;
  properties: Readonly<Record<string, unknown>>;
  year: number | null;
  values: AreaValues;
  live: AreaValues;
}

/** What is known of an attribute of an area: in its tile, of the past year that is shown, or live. */
export function knownValue(attribute: string, { id, properties, year, values, live }: Known): number | null {
  if (LIVE_ATTRIBUTES.includes(attribute)) return year === null ? (live[attribute]?.get(id) ?? null) : null;
  if (year !== null) return values[attribute]?.get(id) ?? null;
  const value = properties[attribute];
  return typeof value === "number" ? value : null;
}

/** One line of the legend. */
export interface LegendLine {
  colour: string;
  label: string;
}

/** What the colours of a theme mean. */
export function legendOf(paint: Paint, lang: Lang, t: Translate): LegendLine[] {
  if (paint.by === "choice")
    return paint.choices.map((choice) => ({
      colour: choice.colour,
      label: `${choice.sign[lang]} ${choiceName(paint.attribute, choice, t)}`,
    }));
  return paint.ramp.map(([from, colour]) => ({ colour, label: rampLabel(from, paint.unit, lang, t) }));
}

function rampLabel(from: number, unit: Extract<Paint, { by: "ramp" }>["unit"], lang: Lang, t: Translate): string {
  if (unit === "permille") return formatShare(from / 1000, lang);
  if (unit === "score") return `${formatNumber(from / 100, 1, lang)} ${t("rollout-map.score")}`;
  const name = unit === "count" ? t("rollout-map.households") : t("rollout-map.perThousand");
  return `${formatNumber(from, 0, lang)} ${name}`;
}

/** Money in ten thousands of yuan, as plans are written. */
export function moneyText(cny: number | null | undefined, lang: Lang, t: Translate): string {
  if (cny === null || cny === undefined) return MISSING;
  return t("rollout-map.wan", { amount: formatNumber(cny / 10_000, 1, lang) });
}
