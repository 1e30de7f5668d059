/** What lists show of the results of jobs: title of the problem, best value, sparkline. */

import { useRef } from "../core/ui.js";
import { get, url } from "../core/api.js";
import { useRemote } from "../core/remote.js";
import { isState } from "./changes.js";

/** @typedef {import("../core/api.js").Schemas["JobPreview"]} Preview */

/** Jobs of one request. */
export const MOST = 100;

/** Previews that are kept of rows that have left the screen. */
const MOST_KEPT = 600;

/**
 * Previews of the jobs on the screen and of those that were, by id; of those that are not read yet there is none.
 *
 * @param {readonly string[]} ids at most ``MOST``
 * @param {{ leastMs?: number }} [options] leastMs: shortest time between two readings
 * @returns {ReadonlyMap<string, Preview>}
 */
export function usePreviews(ids, { leastMs = 1000 } = {}) {
  const wanted = [...ids].sort().slice(0, MOST);
  const shown = new Set(wanted);
  const kept = useRef(/** @type {Map<string, Preview>} */ (new Map()));
  useRemote(
    wanted.length ? `previews ${wanted.join(" ")}` : null,
    async (signal) => {
      /** @type {Preview[]} */
      const found = (await get(url("/v1/previews", { job_id: wanted }), { signal })).data;
      if (kept.current.size > MOST_KEPT) kept.current.clear();
      for (const preview of found) kept.current.set(preview.job_id, preview);
      return found;
    },
    { refreshOn: (event) => (isState(event) || event.event === "progress") && shown.has(event.data.job_id), leastMs },
  );
  return kept.current;
}
