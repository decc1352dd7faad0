/** Requests of the rollout out of readings. */

import { getJson, type Query } from "./client";
import type { Answer } from "./shapes";

export type LiveAreas = Answer<"/rollout/live", "get">;
export type LiveArea = LiveAreas["items"][number];
export type Air = Answer<"/rollout/air", "get">;
export type AirArea = Air["items"][number];
export type AirHours = Answer<"/rollout/air/{area_id}/hours", "get">;
export type Temperatures = Answer<"/rollout/temperatures", "get">;
export type VillageDevices = Answer<"/rollout/live/devices", "get">;

export const live = (query: Query) => getJson<LiveAreas>("/rollout/live", query);
export const devices = (query: Query) => getJson<VillageDevices>("/rollout/live/devices", query);
export const temperatures = (query: Query) => getJson<Temperatures>("/rollout/temperatures", query);
export const air = (query: Query) => getJson<Air>("/rollout/air", query);
export const airHours = (area: number, query: Query) => getJson<AirHours>(`/rollout/air/${area}/hours`, query);
