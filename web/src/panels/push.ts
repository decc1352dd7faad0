import { registerPush } from "../api/notices";

/** Let this browser take web push for the seat; `unable` is said where the browser has none, or was told no. */
export async function registerThisBrowser(key: string, unable: string): Promise<void> {
  if (!("serviceWorker" in navigator) || !("PushManager" in window)) throw new Error(unable);
  if ((await Notification.requestPermission()) !== "granted") throw new Error(unable);
  const worker = await navigator.serviceWorker.register("/push.js");
  const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  await registerPush(made.toJSON());
}
