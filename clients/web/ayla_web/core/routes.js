/** Which view an address shows. A view is loaded when it is shown first. */

import { match } from "./router.js";

/** @typedef {{ pattern: string, section: string, load: () => Promise<{ View: import("../lib/preact.js").ComponentType<any> }> }} Route */

/** section: the entry of the navigation that it belongs to. @type {readonly Route[]} */
export const ROUTES = [
  { pattern: "/", section: "/", load: () => import("../views/queue/view.js") },
  { pattern: "/jobs", section: "/jobs", load: () => import("../views/jobs/view.js") },
  { pattern: "/jobs/:id", section: "/jobs", load: () => import("../views/job/view.js") },
  { pattern: "/jobs/:id/verdict", section: "/jobs", load: () => import("../views/verdict/view.js") },
  { pattern: "/jobs/:id/sweep", section: "/jobs", load: () => import("../views/sweep/view.js") },
  { pattern: "/compare", section: "/jobs", load: () => import("../views/verdict/view.js") },
  { pattern: "/new", section: "/new", load: () => import("../views/new/view.js") },
  { pattern: "/team", section: "/team", load: () => import("../views/team/view.js") },
  { pattern: "/sign-in", section: "", load: () => import("../views/sign-in/view.js") },
];

/** @type {Route} */
const MISSING = { pattern: "", section: "", load: () => import("../views/missing/view.js") };

/** Entries of the navigation. @type {readonly (readonly [string, string])[]} */
export const SECTIONS = [["/", "Queue"], ["/jobs", "Jobs"], ["/new", "New job"], ["/team", "Team"]];

/** @param {string} path @returns {{ route: Route, parts: Record<string, string> }} */
export function routeOf(path) {
  for (const route of ROUTES) {
    const parts = match(route.pattern, path);
    if (parts) return { route, parts };
  }
  return { route: MISSING, parts: {} };
}
