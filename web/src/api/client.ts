/** The one place that talks HTTP. Paths are relative, so every request stays with the server the page came from. */

export type Query = Record<string, string | number | boolean | readonly string[] | null | undefined>;

/** The server answered with an error, or not at all (`status` 0). */
export class RequestFailed extends Error {
  override readonly name = "RequestFailed";
  constructor(
    readonly status: number,
    readonly kind: string,
    message: string,
  ) {
    super(message);
  }
}

let aheadMs = 0;

/** Learn from an answer's Date header how far the server's clock is ahead of this machine's; under 2 s is its rounding. */
export function noteDate(date: string | null, localMs: number): void {
  const serverMs = date === null ? Number.NaN : Date.parse(date);
  if (Number.isFinite(serverMs)) aheadMs = Math.abs(serverMs - localMs) < 2000 ? 0 : serverMs - localMs;
}

/** The server's time now, in epoch milliseconds. */
export function serverNowMs(localMs: number): number {
  return localMs + aheadMs;
}

export function address(path: string, query: Query = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  // a list asks for its name once a value
  const pairs = given.flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => [name, String(one)]),
  );
  const text = new URLSearchParams(pairs).toString();
  return text === "" ? path : `${path}?${text}`;
}

async function failure(response: Response): Promise<RequestFailed> {
  const body: unknown = await response.json().catch(() => null);
  const error = (body as { error?: { kind?: string; message?: string } } | null)?.error;
  return new RequestFailed(response.status, error?.kind ?? "Unknown", error?.message ?? `HTTP ${response.status}`);
}

async function respond(url: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { credentials: "same-origin", ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new RequestFailed(0, "Unreachable", error instanceof Error ? error.message : String(error));
  }
  noteDate(response.headers.get("date"), Date.now());
  if (!response.ok) throw await failure(response);
  return response;
}

/** Fetch a file and let the browser keep it under the name that the server gives it. */
export async function saveFile(path: string, query: Query): Promise<void> {
  const response = await respond(address(path, query), {});
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = fileName(response.headers.get("content-disposition")) ?? path.split("/").at(-1) ?? "";
  link.click();
  URL.revokeObjectURL(link.href);
}

/** Name of a file in a Content-Disposition header, the encoded one first. */
export function fileName(header: string | null): string | null {
  const encoded = header?.match(/filename\*=utf-8''([^;]+)/i)?.[1];
  if (encoded !== undefined) return decodeURIComponent(encoded);
  return header?.match(/filename="?([^";]+)"?/i)?.[1] ?? null;
}

async function request<T>(url: string, init: RequestInit): Promise<T> {
  const response = await respond(url, init);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

export function getJson<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  return request<T>(address(path, query), { headers: { Accept: "application/json" }, ...(signal ? { signal } : {}) });
}

/** Send a file as it is. */
export function sendFile<T>(path: string, query: Query, file: Blob): Promise<T> {
  return request<T>(address(path, query), {
    method: "POST",
    body: file,
    headers: { "Content-Type": "application/octet-stream" },
  });
}

export function sendJson<T>(
  method: "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  query: Query = {},
  body?: unknown,
  signal?: AbortSignal,
): Promise<T> {
  const content =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
  return request<T>(address(path, query), { method, ...content, ...(signal ? { signal } : {}) });
}
