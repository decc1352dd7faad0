/** Something that comes from the server: not asked for, on its way, here, or failed with a message. */
export type Remote<T> =
  | { state: "idle" }
  | { state: "loading" }
  | { state: "ready"; value: T }
  | { state: "failed"; message: string };

export const IDLE = { state: "idle" } as const;
export const LOADING = { state: "loading" } as const;

export function ready<T>(value: T): Remote<T> {
  return { state: "ready", value };
}

export function failed(message: string): Remote<never> {
  return { state: "failed", message };
}

export function arrived<T>(remote: Remote<T>): T | null {
  return remote.state === "ready" ? remote.value : null;
}
