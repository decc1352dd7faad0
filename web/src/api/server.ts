/** The requests of the viewer, one function each, typed by the generated description of the server. */

import { CURVE_SPANS, type Curve, type CurveSpan, type TileJson } from "../state/app";
import { getJson, type Query, sendJson } from "./client";
import type {
  Alarm,
  AlarmLine,
  Answer,
  Asset,
  AssetItem,
  City,
  Colouring,
  Contents,
  Field,
  Findings,
  Impact,
  Raster,
  Rollout,
  Seat,
  Session,
  SignIn,
  Tileset3D,
} from "./shapes";

export type Found = Answer<"/assets", "get">;

const TILESETS = ["base", "network", "buildings", "assets", "coverage", "problems", "rollout"];
/** Points of a curve; the panel is a few hundred pixels wide. */
const CURVE_POINTS = 400;
const PAGE = 1000;

export const session = () => getJson<Answer<"/session", "get">>("/session");
export const seats = (): Promise<Seat[]> => getJson<Answer<"/seats", "get">>("/seats");
export const cities = (): Promise<City[]> => getJson<Answer<"/cities", "get">>("/cities");

export function takeSeat(body: Partial<SignIn>): Promise<Session> {
  return sendJson<Answer<"/session", "post">>("POST", "/session", {}, body);
}

export function changePassword(password: string, newPassword: string): Promise<Session> {
  return sendJson<Answer<"/session/password", "post">>(
    "POST",
    "/session/password",
    {},
    { password, new_password: newPassword },
  );
}

export function rollout(city: number): Promise<Rollout> {
  return getJson<Answer<"/rollout/districts", "get">>("/rollout/districts", { city });
}

export function rasters(city: number): Promise<Raster[]> {
  return getJson<Answer<"/raster", "get">>("/raster", { city });
}

export function colourings(city: number): Promise<Colouring[]> {
  return getJson<Answer<"/styles/colourings", "get">>("/styles/colourings", { city });
}

export function fields(city: number): Promise<Field[]> {
  return getJson<Field[]>("/fields", { city });
}

export async function alarms(city: number, at: string | null): Promise<Alarm[]> {
  const time = at === null ? {} : { at };
  return (await getJson<Answer<"/alarms", "get">>("/alarms", { city, state: "active", ...time })).items;
}

export function acknowledge(city: number, alarmId: number): Promise<Alarm> {
  type Body = Answer<"/alarms/{alarm_id}/acknowledge", "post">;
  return sendJson<Body>("POST", `/alarms/${alarmId}/acknowledge`, { city });
}

export type AlarmAction =
  | "confirm"
  | "comment"
  | "shelve"
  | "unshelve"
  | "out-of-service"
  | "return-to-service"
  | "verdict";
export interface AlarmBody {
  note: string;
  until?: string;
  false_alarm?: boolean;
}

export function actOnAlarm(city: number, alarmId: number, action: AlarmAction, body: AlarmBody): Promise<Alarm> {
  return sendJson<Alarm>("POST", `/alarms/${alarmId}/${action}`, { city }, body);
}

export async function alarmLog(city: number, alarmId: number): Promise<AlarmLine[]> {
  type Log = Answer<"/alarms/{alarm_id}/transitions", "get">;
  return (await getJson<Log>(`/alarms/${alarmId}/transitions`, { city })).items;
}

export function asset(city: number, assetId: number, at: string | null, signal: AbortSignal): Promise<Asset> {
  return getJson<Answer<"/assets/{asset_id}", "get">>(`/assets/${assetId}`, { city, as_of: at }, signal);
}

export function impact(city: number, assetId: number, circumstances: Query, signal: AbortSignal): Promise<Impact> {
  type Body = Answer<"/assets/{asset_id}/impact", "get">;
  return getJson<Body>(`/assets/${assetId}/impact`, { city, geometry: true, ...circumstances }, signal);
}

export function search(city: number, text: string): Promise<Found> {
  return getJson<Found>("/assets", { city, q: text, limit: 12 });
}

/** All assets of a kind, page by page. */
export async function everyOf(city: number, kind: string): Promise<AssetItem[]> {
  const page = (offset: number) => getJson<Found>("/assets", { city, kind, limit: PAGE, offset });
  const first = await page(0);
  const offsets = Array.from({ length: Math.ceil(first.total / PAGE) - 1 }, (_, i) => (i + 1) * PAGE);
  const others = await Promise.all(offsets.map(page));
  return [first, ...others].flatMap((found) => found.items);
}

/** The first assets of a kind whose name or code holds a text; `total` counts them all. */
export function ofKind(city: number, kind: string, text: string, limit: number): Promise<Found> {
  return getJson<Found>("/assets", { city, kind, q: text, limit });
}

/** A page of the rows of a register that hang on an asset, and how many of which sort all of them are. */
export function rowsOf(city: number, register: string, assetId: number, offset: number, limit: number) {
  type Body = Answer<"/registers/{register}", "get">;
  return getJson<Body>(`/registers/${register}`, { city, asset: assetId, counts: true, offset, limit });
}

export function contents(city: number): Promise<Contents> {
  return getJson<Answer<"/contents", "get">>("/contents", { city });
}

/** How much the network check finds; the server reads the network for it when it has not yet. */
export async function findingCount(city: number): Promise<number> {
  const answer = await getJson<Findings>("/network/findings", { city, limit: 1 });
  return Object.values(answer.counts).reduce((sum, count) => sum + count, 0);
}

export function byCode(city: number, code: string): Promise<Found> {
  return getJson<Found>("/assets", { city, code, limit: 2 });
}

/** The 3D tilesets of a city that this seat may see: its layers, then the models that somebody brought. */
export async function tilesets3d(city: number): Promise<Tileset3D[]> {
  const { tilesets, models } = await getJson<Answer<"/3dtiles", "get">>("/3dtiles", { city });
  const brought = models.map(({ title, ...model }) => ({ ...model, title_zh: title, title_en: title }));
  return [...tilesets.map((layer) => ({ ...layer, attribution: "" })), ...brought];
}

/** TileJSON of the tilesets that are built. */
export async function tilesets(city: number): Promise<Record<string, TileJson>> {
  const built = await getJson<Answer<"/tiles", "get">>("/tiles", { city });
  const names = built.map((item) => item.tileset).filter((name) => TILESETS.includes(name));
  const documents = await Promise.all(names.map((name) => tileset(city, name)));
  return Object.fromEntries(names.map((name, i) => [name, documents[i] as TileJson]));
}

/** A tileset without the attributes that must be asked for, but with what their codes mean. */
async function tileset(city: number, name: string): Promise<TileJson> {
  const plain = getJson<TileJson>(`/tiles/${name}.json`, { city });
  if (name !== "network") return plain;
  const { vector_layers } = await getJson<TileJson>(`/tiles/${name}.json`, { city, with: "all" });
  return { ...(await plain), vector_layers };
}

let labels: Promise<ReadonlyMap<string, string>> | null = null;

/** Chinese names of points, from the schemas that sources report by; asked for once. */
function pointLabels(): Promise<ReadonlyMap<string, string>> {
  labels ??= getJson<Answer<"/schemas", "get">>("/schemas").then(
    (schemas) => new Map(schemas.flatMap(({ points }) => points.map((point) => [point.name, point.label_zh] as const))),
  );
  labels.catch(() => {
    labels = null;
  });
  return labels;
}

/** What reports on an asset, over some time up to an end; one line a point. */
export async function curve(
  city: number,
  assetId: number,
  endMs: number,
  span: CurveSpan,
  signal: AbortSignal,
): Promise<Curve> {
  type Body = Answer<"/assets/{asset_id}/readings", "get">;
  const from = Math.floor(endMs - CURVE_SPANS[span] * 3_600_000);
  const query = { city, from, to: Math.ceil(endMs) + 60_000, every: "auto", max: CURVE_POINTS };
  const answer = await getJson<Body>(`/assets/${assetId}/readings`, query, signal);
  const names = await pointLabels().catch(() => new Map<string, string>());
  const lines = answer.series.flatMap(({ observed_at, every_s, points }) =>
    points.map(({ name, unit, slot, values, quality, min, max, increase, count, corrections }) => ({
      name,
      label_zh: names.get(name) ?? "",
      unit,
      total: slot === "total",
      every_s,
      at: observed_at,
      values,
      quality,
      min: min ?? null,
      max: max ?? null,
      increase: increase ?? null,
      count: count ?? null,
      corrections: corrections ?? [],
    })),
  );
  return { asset_id: assetId, span, lines };
}
