import type { AssetEdit, Value } from "../api/records";
import type { Asset, KindAttribute } from "../api/shapes";
import type { Position } from "../state/shapes";

/** What a form holds: texts by attribute, as typed. */
export interface Draft {
  name: string;
  values: Readonly<Record<string, string>>;
  lon: string;
  lat: string;
}

export function draftOf(asset: Asset): Draft {
  const values = asset.attributes.map(({ name, value }) => [name, value === null ? "" : String(value)]);
  const [lon, lat] = asset.position ?? [];
  return { name: asset.name, values: Object.fromEntries(values), lon: coordinate(lon), lat: coordinate(lat) };
}

/** Seven decimals of a degree are a centimetre. */
export function coordinate(value: number | undefined): string {
  return value === undefined ? "" : value.toFixed(7);
}

/** The value that a text stands for; `undefined` when it does not fit the type. An empty text takes the value away. */
export function typedValue(attribute: KindAttribute, text: string): Value | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  switch (attribute.type) {
    case "integer":
      return /^[-+]?\d+$/.test(trimmed) ? Number(trimmed) : undefined;
    case "number": {
      const number = Number(trimmed);
      return Number.isFinite(number) ? number : undefined;
    }
    case "boolean":
      return trimmed === "true" ? true : trimmed === "false" ? false : undefined;
    case "code":
      return trimmed in attribute.codes ? trimmed : undefined;
    case "date":
      return /^\d{4}-\d{2}-\d{2}$/.test(trimmed) && Number.isFinite(Date.parse(trimmed)) ? trimmed : undefined;
    default:
      return trimmed;
  }
}

export function positionOf(draft: Draft): Position | null {
  const [lon, lat] = [draft.lon.trim(), draft.lat.trim()];
  if (lon === "" || lat === "") return null;
  const [x, y] = [Number(lon), Number(lat)];
  return Math.abs(x) <= 180 && Math.abs(y) <= 90 ? [x, y] : null;
}

/** Names of the fields that hold what does not fit. */
export function misfits(attributes: readonly KindAttribute[], draft: Draft, movable: boolean): string[] {
  const wrong = attributes
    .filter((one) => typedValue(one, draft.values[one.name] ?? "") === undefined)
    .map(({ name }) => name);
  return movable && positionOf(draft) === null ? [...wrong, "position"] : wrong;
}

/** Only what differs from the asset as it is; null when nothing does. */
export function editOf(
  asset: Asset,
  attributes: readonly KindAttribute[],
  draft: Draft,
  movable: boolean,
): AssetEdit | null {
  const before = draftOf(asset);
  const changed = attributes.filter(({ name }) => (draft.values[name] ?? "").trim() !== (before.values[name] ?? ""));
  const values = Object.fromEntries(
    changed.map((one) => [one.name, typedValue(one, draft.values[one.name] ?? "") ?? null]),
  );
  const moved = movable && (draft.lon !== before.lon || draft.lat !== before.lat);
  const position = moved ? positionOf(draft) : null;
  const edit: AssetEdit = {
    ...(draft.name.trim() === asset.name ? {} : { name: draft.name.trim() }),
    ...(changed.length === 0 ? {} : { attributes: values }),
    ...(position === null ? {} : { geometry: moveTo(asset, position) }),
  };
  return Object.keys(edit).length === 0 ? null : edit;
}

/** The height of a point stays when it is moved. */
function moveTo(asset: Asset, [lon, lat]: Position): GeoJSON.Point {
  const height = (asset.geometry as { coordinates?: number[] } | null)?.coordinates?.[2];
  return { type: "Point", coordinates: height === undefined ? [lon, lat] : [lon, lat, height] };
}
