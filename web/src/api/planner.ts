/** Requests of the planners' tools, one function each. */

import { bodyOf, type Sandbox } from "../state/sandbox";
import { sendJson } from "./client";
import type { Impact } from "./shapes";

/** What an asset cuts off when valves and sources stand as supposed. */
export function impactIn(city: number, assetId: number, sandbox: Sandbox, signal: AbortSignal): Promise<Impact> {
  const body = { question: "impact", asset_ids: [assetId], geometry: true, ...bodyOf(sandbox) };
  return sendJson<Impact>("POST", "/trace", { city }, body, signal);
}
