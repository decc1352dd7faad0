/** Pages by path; the query part of the address belongs to the view. */
export type Route =
  | { page: "supervisor" }
  | { page: "wall"; name: "overview" | "rollout" }
  | { page: "planner" }
  | { page: "mobile" }
  | { page: "globe" }
  | { page: "unknown"; path: string };

export function routeOf(path: string): Route {
  const clean = path.replace(/\/+$/, "") || "/";
  if (clean === "/") return { page: "supervisor" };
  if (clean === "/wall/overview") return { page: "wall", name: "overview" };
  if (clean === "/wall/rollout") return { page: "wall", name: "rollout" };
  if (clean === "/plan") return { page: "planner" };
  if (clean === "/m") return { page: "mobile" };
  if (clean === "/globe") return { page: "globe" };
  return { page: "unknown", path: clean };
}
