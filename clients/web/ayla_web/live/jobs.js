/** Jobs that a view shows, kept as events tell. */

import { get, url } from "../core/api.js";
import { useRemote } from "../core/remote.js";
import { allChanged, changed, isState } from "./changes.js";
import { useLiveEvents } from "./connection.js";

/** @typedef {import("./changes.js").LiveJob} LiveJob @typedef {import("../core/api.js").Parameters} Parameters */

/**
 * A page of jobs, read again when the state of any job changes.
 *
 * @param {Parameters} parameters of the list
 */
export function useJobs(parameters) {
  const address = url("/v1/jobs", parameters);
  const remote = useRemote(address, async (signal) => /** @type {readonly LiveJob[]} */ ((await get(address, { signal })).data), { refreshOn: (event) => isState(event), leastMs: 500 });
  useLiveEvents((event) => remote.put((jobs) => allChanged(jobs, event)));
  return remote;
}

/** Jobs whose details are read one by one. */
const MOST = 20;

/** Some jobs in full, the first of many. @param {readonly string[]} ids @returns {import("../core/remote.js").Remote<readonly (import("../core/api.js").Schemas["JobDetail"] & LiveJob)[]>} */
export function useNamedJobs(ids) {
  const remote = useRemote(`jobs ${ids.join()}`, /** @returns {Promise<readonly any[]>} */ (signal) => Promise.all(ids.slice(0, MOST).map((id) => get(`/v1/jobs/${encodeURIComponent(id)}`, { signal }))), { refreshOn: (event) => isState(event) && ids.includes(event.data.job_id) });
  useLiveEvents((event) => remote.put((jobs) => /** @type {typeof jobs} */ (allChanged(jobs, event))));
  return remote;
}

/** One job in full. @param {string} id @returns {import("../core/remote.js").Remote<import("../core/api.js").Schemas["JobDetail"] & LiveJob>} */
export function useJob(id) {
  const remote = useRemote(`job ${id}`, (signal) => get(`/v1/jobs/${encodeURIComponent(id)}`, { signal }), { refreshOn: (event) => isState(event, id) });
  useLiveEvents((event) => remote.put((job) => changed(job, event)));
  return remote;
}
