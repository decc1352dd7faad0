/** Tiles are asked from the page's own origin, whatever host name the document was written with. */
export function ownAddress(template: string, origin: string): string {
  return template.replace(/^https?:\/\/[^/]+/, origin);
}

/** An address with more in its query. */
export function withQuery(address: string, query: Record<string, string>): string {
  const text = new URLSearchParams(query).toString();
  return text === "" ? address : `${address}${address.includes("?") ? "&" : "?"}${text}`;
}
