import { expect, it } from "vitest";
import { routeOf } from "./router";

it.each([
  ["/", "supervisor"],
  ["/plan", "planner"],
  ["/plan/", "planner"],
  ["/m", "mobile"],
  ["/globe", "globe"],
  ["/wall/overview", "wall"],
  ["/wall/rollout", "wall"],
  ["/wall/other", "unknown"],
  ["/nowhere", "unknown"],
])("%s is the page %s", (path, page) => expect(routeOf(path).page).toBe(page));
