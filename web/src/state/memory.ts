/** What a page kind (its path) was coloured by when it was open last, kept by the browser. */

const PREFIX = "heat-twin.colouring";
const NONE = "";

/** What was remembered; undefined where nothing was chosen on this page yet. */
export function recalled(path: string): string | null | undefined {
  try {
    const text = window.localStorage.getItem(`${PREFIX}${path}`);
    return text === null ? undefined : text === NONE ? null : text;
  } catch {
    // a browser may refuse to keep anything
    return undefined;
  }
}

export function remember(path: string, colouring: string | null): void {
  try {
    window.localStorage.setItem(`${PREFIX}${path}`, colouring ?? NONE);
  } catch {
    // the address still holds it
  }
}
