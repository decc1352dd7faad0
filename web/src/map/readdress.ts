import type { Map as MapLibreMap, SourceSpecification, StyleSpecification } from "maplibre-gl";

interface Tiled {
  serialize(): SourceSpecification;
  setTiles(tiles: string[]): unknown;
}

/**
 * Give sources of which only the address of the tiles changes their new one in place. What is drawn stays until the new
 * tiles are here, and states by feature are kept; a new style would take the source away first.
 */
export function readdress(map: MapLibreMap, style: StyleSpecification): void {
  for (const [id, wanted] of Object.entries(style.sources)) {
    const source = map.getSource(id) as unknown as Partial<Tiled> | undefined;
    if (source?.setTiles === undefined || source.serialize === undefined) continue;
    const present = source.serialize();
    if (!("tiles" in wanted) || !("tiles" in present) || wanted.tiles === undefined) continue;
    if (rest(wanted) !== rest(present) || String(wanted.tiles) === String(present.tiles)) continue;
    source.setTiles(wanted.tiles);
  }
}

/** A source without the address of its tiles, as text. */
function rest(source: SourceSpecification): string {
  const others = Object.entries(source).filter(([key, value]) => key !== "tiles" && value !== undefined);
  return JSON.stringify(others.sort(([a], [b]) => (a < b ? -1 : 1)));
}
