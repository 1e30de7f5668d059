/** Where the page is: path and query of the address, which hold a view's state; what is behind the # is the view's own. */

import { computed, signal } from "./ui.js";

const read = () => ({ path: location.pathname, search: location.search });

const place = signal(read());

/** Path of the view, such as /jobs/6f1c. */
export const path = computed(() => place.value.path);

/** Parameters of the view. Read them; change them with ``setQuery``. */
export const query = computed(() => new URLSearchParams(place.value.search));

/** Grows with each change of the view, not of its parameters: the focus then goes to its heading. */
export const visits = signal(0);

/** Grows with each link to the view that is shown: who follows it wants the view as it is at first. */
export const again = signal(0);

/** How far down the view was when it was left, for one that is come back to through the history; else null. @type {number | null} */
let left = null;

/** How far down to show a view that is shown again; null for one that is gone to anew. */
export const leftAt = () => left;

addEventListener("popstate", () => arrive(history.state?.scroll ?? null));

/** @param {number | null} scroll */
function arrive(scroll) {
  const next = read();
  const moved = next.path !== place.peek().path;
  left = scroll;
  place.value = next;
  if (moved) visits.value += 1;
}

/**
 * Go to an address of this page.
 *
 * @param {string} to path and query, of this origin
 * @param {{ replace?: boolean }} [how] replace: without a step of the history
 */
export function navigate(to, { replace = false } = {}) {
  const target = new URL(to, location.origin);
  if (target.origin !== location.origin) throw new Error("Only addresses of this page.");
  const address = target.pathname + target.search + target.hash;
  if (!replace && target.pathname !== location.pathname) history.replaceState({ scroll: scrollY }, "");
  if (address !== location.pathname + location.search + location.hash) {
    history[replace ? "replaceState" : "pushState"](null, "", address);
  }
  const moved = target.pathname !== place.peek().path;
  arrive(null);
  if (moved && !target.hash) scrollTo(0, 0);
}

/**
 * Change some parameters of the view, and leave the rest, also what is behind the #.
 *
 * @param {Record<string, string | number | boolean | null | undefined | string[]>} changes empty values take a parameter
 *   away; a list gives it several times
 * @param {{ replace?: boolean }} [how] replace (default): the back button skips the state before
 */
export function setQuery(changes, { replace = true } = {}) {
  const wanted = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    wanted.delete(name);
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== "" && one !== false) wanted.append(name, String(one));
    }
  }
  navigate(address(location.pathname, wanted) + location.hash, { replace });
}

/**
 * An address of this page.
 *
 * @param {string} to path
 * @param {URLSearchParams | Record<string, string | number | null | undefined>} [parameters]
 * @returns {string}
 */
export function address(to, parameters = {}) {
  const given = parameters instanceof URLSearchParams ? [...parameters] : Object.entries(parameters);
  const kept = given.filter(([, value]) => value !== null && value !== undefined && value !== "");
  // Commas and colons stay readable: addresses are shared and read.
  const text = new URLSearchParams(kept.map(([name, value]) => [name, String(value)])).toString();
  const readable = text.replaceAll("%2C", ",").replaceAll("%3A", ":");
  return readable ? `${to}?${readable}` : to;
}

/**
 * The parts of a path that a pattern names, or null if it is another path.
 *
 * @param {string} pattern such as /jobs/:id/verdict
 * @param {string} actual
 * @returns {Record<string, string> | null}
 */
export function match(pattern, actual) {
  const wanted = pattern.split("/");
  const found = actual.replace(/(?<=.)\/$/, "").split("/");
  if (wanted.length !== found.length) return null;
  /** @type {Record<string, string>} */
  const parts = {};
  for (const [place, name] of wanted.entries()) {
    const part = found[place] ?? "";
    if (name.startsWith(":") && part) {
      try {
        parts[name.slice(1)] = decodeURIComponent(part);
      } catch {
        return null;
      }
    } else if (name !== part) return null;
  }
  return parts;
}

/** Clicks on links of this page change the view; with a modifier, a target or a download the browser does as always. */
export function followLinks() {
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = /** @type {Element} */ (event.target).closest("a");
    if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute("download")) return;
    if (link.origin !== location.origin || !isView(link.pathname)) return;
    if (link.pathname === location.pathname && link.search === location.search && link.hash) return;
    event.preventDefault();
    if (link.pathname === location.pathname) again.value += 1;
    navigate(link.pathname + link.search + link.hash);
  });
}

/** @param {string} pathname @returns {boolean} whether it is a view, not the API, its documentation or a file */
const isView = (pathname) => !/^\/(v1|docs|redoc|openapi\.json|assets|static|metrics|healthz|readyz)(\/|$)/.test(pathname);
