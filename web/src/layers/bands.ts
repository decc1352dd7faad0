import type { Colouring } from "../api/shapes";
import { type TextKey, translate } from "../i18n/text";
import { zh } from "../i18n/zh";
import type { TileJson } from "../state/app";
import type { Bands } from "./definition";
import { AREA_COLOURS, COLOURS } from "./palette";

/** Fields of the network's tiles that hold what is banded. */
const CODED: Record<string, string> = { class: "class", laying: "laying", material: "material" };
/** What tiles hold only where it is asked for. */
const ASKED_FOR: readonly string[] = ["laying", "material", "year"];
const UNKNOWN = "unknown";
/** From thin, young to thick, old: light to dark would drown on a dark ground, so the ramp goes from blue to yellow. */
const RAMP = ["#60a5fa", "#22d3ee", "#4ade80", "#facc15", "#fb923c"];

type Item = Colouring["items"][number];

/** The limits that names of bands hold: `to_300`, `300_800`, `from_1200`. */
export function limitsOf(names: readonly string[]): number[] {
  const limits = names.flatMap((name) => [...name.matchAll(/\d+/g)].map(([digits]) => Number(digits)));
  return [...new Set(limits)].sort((a, b) => a - b);
}

/** Bands of the statistics as a colouring of the pipes; `network` says which codes the tiles have. */
export function bandColouring(bands: Bands, network: TileJson | undefined): Colouring {
  const coded = CODED[bands.by];
  const attribute = coded ?? (bands.by === "age" ? "year" : "dn");
  return {
    colouring: `bands-${bands.by}`,
    attribute,
    with: ASKED_FOR.includes(attribute) ? [attribute] : [],
    title_zh: translate("zh", "statistics.title"),
    title_en: translate("en", "statistics.title"),
    unit: bands.by === "dn_band" ? "mm" : null,
    kind: coded === undefined ? "ranges" : "codes",
    items: coded === undefined ? rangeItems(bands) : codeItems(bands, coded, network),
    other: { colour: COLOURS.gas, ...labels("band.unknown") },
    minzoom: 10,
    note_zh: "",
    note_en: "",
  };
}

function labels(key: TextKey, values = {}): Pick<Item, "label_zh" | "label_en"> {
  return { label_zh: translate("zh", key, values), label_en: translate("en", key, values) };
}

function codeItems({ names }: Bands, field: string, network: TileJson | undefined): Item[] {
  const codes = network?.vector_layers.find(({ id }) => id === "pipe")?.codes[field] ?? {};
  const known = names.filter((name) => name !== UNKNOWN);
  return known.flatMap((name, i) => {
    const code = Object.entries(codes).find(([, meaning]) => meaning === name)?.[0];
    if (code === undefined) return [];
    const key = `band.${name}`;
    const texts = key in zh ? labels(key as TextKey) : { label_zh: name, label_en: name };
    return [
      { value: Number(code), from: null, to: null, colour: AREA_COLOURS[i % AREA_COLOURS.length] ?? "", ...texts },
    ];
  });
}

/** One band between each two limits; a limit belongs to the band below it. Ages are counted back from the year of the table. */
function rangeItems({ by, names, year }: Bands): Item[] {
  const known = limitsOf(names);
  if (known.length === 0) return [];
  const bounds = [null, ...known, null];
  const now = year ?? new Date().getFullYear();
  return bounds.slice(1).map((high, i) => {
    const low = bounds[i] ?? null;
    const text = low === null ? `≤${high ?? ""}` : high === null ? `>${low}` : `${low}–${high}`;
    const colour = RAMP[Math.min(i, RAMP.length - 1)] ?? "";
    if (by !== "age") {
      const limits = { from: low === null ? null : low + 0.001, to: high === null ? null : high + 0.001 };
      return { value: null, ...limits, colour, label_zh: `DN ${text}`, label_en: `DN ${text}` };
    }
    const built = { from: high === null ? null : now - high, to: low === null ? null : now - low };
    return { value: null, ...built, colour, ...labels("band.years", { years: text }) };
  });
}
