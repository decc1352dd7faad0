/** Requests of the map of the rollout. */

import { getJson, type Query } from "./client";
import type { Answer } from "./shapes";

export const projects = (query: Query) => getJson<Answer<"/rollout/projects", "get">>("/rollout/projects", query);
export const projectPoints = (query: Query) =>
  getJson<Answer<"/rollout/projects.geojson", "get">>("/rollout/projects.geojson", query);
