/** Addresses that programs of others read: one line each, with what reads it. */

import type { Answer, Raster } from "../api/shapes";
import type { TextKey } from "../i18n/text";
import type { Datum } from "../state/view";

export type Archive = Answer<"/archives", "get">[number];
export type Style = Answer<"/styles", "get">[number];

/** Tilesets that a partner's map begins with. */
export const MAP_TILESETS: readonly string[] = ["base", "network", "buildings", "assets"];

export interface Service {
  label: TextKey;
  address: string;
}

interface Wanted {
  origin: string;
  city: number;
  datum: Datum;
  tilesets: readonly string[];
  style: string | null;
  lang: "zh" | "en";
  rasters: readonly Raster[];
}

/** The addresses for one datum; what is in WGS-84 only is named so by its label. */
export function servicesOf({ origin, city, datum, tilesets, style, lang, rasters }: Wanted): Service[] {
  const names = tilesets.join(",");
  const query = `city=${city}&crs=${datum}`;
  const tiles: Service[] = [
    { label: "services.tilejson", address: `${origin}/tiles/${names}.json?${query}` },
    { label: "services.xyz", address: `${origin}/tiles/${names}/{z}/{x}/{y}.mvt?${query}` },
  ];
  const picture = rasters.find(({ style: kind }) => kind === "colour");
  return [
    ...(style === null
      ? []
      : [{ label: "services.style", address: `${origin}/styles/${style}.json?${query}&lang=${lang}` } as const]),
    ...(names === "" ? [] : tiles),
    ...(picture === undefined
      ? []
      : ([
          { label: "services.raster", address: `${origin}/raster/${picture.layer}/{z}/{x}/{y}.png?${query}` },
        ] as const)),
    { label: "services.ogc", address: `${origin}/ogc?city=${city}` },
  ];
}

/** The newest archive of exactly these tilesets in a datum. */
export function archiveOf(archives: readonly Archive[], tilesets: readonly string[], datum: Datum): Archive | null {
  const wanted = [...tilesets].sort().join();
  return archives.find((one) => [...one.tilesets].sort().join() === wanted && one.crs === datum) ?? null;
}

/** Put a text where it can be pasted; `field` shows it, and is how pages without a certificate copy. */
export async function copy(text: string, field: HTMLInputElement | null): Promise<void> {
  if (window.isSecureContext && navigator.clipboard !== undefined) {
    await navigator.clipboard.writeText(text);
    return;
  }
  field?.select();
  document.execCommand("copy");
}
