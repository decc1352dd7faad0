/** Requests of notification: pop-ups, subscriptions, channels, deliveries. */

import { address, getJson, sendJson } from "./client";
import type { Answer } from "./shapes";
import type { components } from "./types.gen";

type Schemas = components["schemas"];
export type Popup = Schemas["PopupModel"];
export type PopupAlarm = Schemas["PopupAlarm"];
export type QualityText = Schemas["QualityText"];
export type Subscription = Schemas["SubscriptionModel"];
export type SubscriptionEdit = Schemas["SubscriptionEdit"];
export type StepEdit = Schemas["StepEdit"];
export type Delivery = Schemas["DeliveryModel"];
export type Channels = Schemas["NoticeChannels"];

export const streamAddress = (city: number): string => address("/notices/stream", { city });

export const subscriptions = async (city: number): Promise<Subscription[]> =>
  (await getJson<Answer<"/notices/subscriptions", "get">>("/notices/subscriptions", { city })).items;

export const subscribe = (city: number, body: SubscriptionEdit): Promise<unknown> =>
  sendJson("POST", "/notices/subscriptions", { city }, body);

export const rewrite = (city: number, id: number, body: SubscriptionEdit): Promise<unknown> =>
  sendJson("PUT", `/notices/subscriptions/${id}`, { city }, body);

export const unsubscribe = (city: number, id: number): Promise<unknown> =>
  sendJson("DELETE", `/notices/subscriptions/${id}`, { city });

export const tryStep = (city: number, step: StepEdit): Promise<unknown> =>
  sendJson("POST", "/notices/test", { city }, { step });

export const deliveries = async (city: number): Promise<Delivery[]> =>
  (await getJson<Answer<"/notices/deliveries", "get">>("/notices/deliveries", { city, limit: 20 })).items;

export const channels = (): Promise<Channels> => getJson<Channels>("/notices/channels");

export const markSeen = (city: number, noticeId: number, alarms: readonly number[] | null): Promise<unknown> =>
  sendJson("POST", `/notices/${noticeId}/seen`, { city }, { alarms, again: false });

export const registerPush = (body: PushSubscriptionJSON): Promise<unknown> =>
  sendJson("PUT", "/notices/push", {}, body);
