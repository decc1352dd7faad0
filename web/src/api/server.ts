/** The requests of the viewer, one function each. */

import type { Curve, TileJson } from "../state/app";
import { getJson, sendJson } from "./client";
import type { Alarm, AlarmList, Asset, AssetList, City, History, Impact, Rollout, Seat, Session } from "./shapes";

export type Found = AssetList;
export type Entry = { seat_id: number } | { login: string; password: string };

const TILESETS = ["base", "network", "buildings", "assets"];
const CURVE_HOURS = 6;

export const session = (): Promise<Session> => getJson("/session");
export const takeSeat = (body: Entry): Promise<Session> => sendJson("POST", "/session", {}, body);
export const changePassword = (password: string, newPassword: string): Promise<Session> =>
  sendJson("POST", "/session/password", {}, { password, new_password: newPassword });
export const cities = (): Promise<City[]> => getJson("/cities");
export const rollout = (city: number): Promise<Rollout> => getJson("/rollout/districts", { city });

export async function seats(): Promise<Seat[]> {
  return getJson<Seat[]>("/seats");
}

export async function alarms(city: number): Promise<Alarm[]> {
  return (await getJson<AlarmList>("/alarms", { city, state: "active" })).items;
}

export function asset(city: number, assetId: number, at: string | null, signal: AbortSignal): Promise<Asset> {
  return getJson(`/assets/${assetId}`, { city, as_of: at }, signal);
}

export function impact(city: number, assetId: number, signal: AbortSignal): Promise<Impact> {
  return getJson(`/assets/${assetId}/impact`, { city, geometry: true }, signal);
}

export function search(city: number, text: string): Promise<Found> {
  return getJson("/assets", { city, q: text, limit: 12 });
}

export function substations(city: number): Promise<Found> {
  return getJson("/assets", { city, kind: "substation", limit: 1000 });
}

/** Names of the raster layers of a city. */
export async function rasters(city: number): Promise<string[]> {
  const answer = await getJson<{ items: { layer: string }[] }>("/raster", { city });
  return answer.items.map((item) => item.layer);
}

/** TileJSON of the tilesets that are built. */
export async function tilesets(city: number): Promise<Record<string, TileJson>> {
  const built = await getJson<{ tileset: string }[]>("/tiles", { city });
  const names = built.map((item) => item.tileset).filter((name) => TILESETS.includes(name));
  const documents = await Promise.all(names.map((name) => getJson<TileJson>(`/tiles/${name}.json`, { city })));
  return Object.fromEntries(names.map((name, i) => [name, documents[i] as TileJson]));
}

/** The last hours of everything that reports on an asset; one line a point. */
export async function curve(city: number, assetId: number, endMs: number, signal: AbortSignal): Promise<Curve> {
  const from = Math.floor(endMs - CURVE_HOURS * 3_600_000);
  const answer = await getJson<History>(`/assets/${assetId}/readings`, { city, from, to: Math.ceil(endMs) + 60_000 }, signal);
  const lines = answer.series.flatMap(({ observed_at, points }) =>
    points.map(({ name, unit, values }) => ({
      name,
      unit,
      samples: observed_at.map((ms, i): [number, number | null] => [ms, values[i] ?? null]),
    })),
  );
  return { asset_id: assetId, lines };
}
