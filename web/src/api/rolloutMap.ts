/** Requests of the map of the rollout. */

import { getJson, type Query } from "./client";
import type { Answer, AreaFigures, RolloutArea } from "./shapes";

export const projects = (query: Query) => getJson<Answer<"/rollout/projects", "get">>("/rollout/projects", query);
export const projectPoints = (query: Query) =>
  getJson<Answer<"/rollout/projects.geojson", "get">>("/rollout/projects.geojson", query);
export const areas = (query: Query) => getJson<{ items: RolloutArea[] }>("/rollout/areas", query);
export const figures = (query: Query) => getJson<AreaFigures>("/rollout/figures", query);
export const parts = (query: Query) => getJson<Answer<"/rollout/parts", "get">>("/rollout/parts", query);
export const devices = (query: Query) =>
  getJson<Answer<"/rollout/live/devices", "get">>("/rollout/live/devices", query);
