/** Jobs that a view shows, kept as events tell. */

import { get, url } from "../core/api.js";
import { useRemote } from "../core/remote.js";
import { allChanged, changed, isOpen, isState } from "./changes.js";
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

/** States that jobs end in. */
const ENDED = /** @type {const} */ (["succeeded", "failed", "cancelled"]);

/** Shortest time between two readings of what ended longer ago: it takes three lists, and rarely matters. */
const LONGER_AGO_MS = 5000;

/**
 * The jobs that have ended last, archived ones left out, however many others have changed since.
 *
 * @param {readonly LiveJob[] | undefined} recent the jobs that have changed last, as many as are wanted: mostly they are enough
 * @param {number} limit
 * @returns {readonly LiveJob[] | undefined} undefined as long as there may be some that are not read yet
 */
export function useEnded(recent, limit) {
  const among = endedOf(recent ?? []);
  const isAll = recent !== undefined && (recent.length < limit || among.length === limit);
  const longerAgo = useRemote(
    recent && !isAll ? `ended ${limit}` : null,
    async (signal) => {
      const pages = await Promise.all(ENDED.map((state) => get(url("/v1/jobs", { state, limit, sort: "-updated_at" }), { signal })));
      return /** @type {readonly LiveJob[]} */ (pages.flatMap((page) => page.data));
    },
    { refreshOn: (event) => isState(event), leastMs: LONGER_AGO_MS },
  );
  useLiveEvents((event) => longerAgo.put((jobs) => allChanged(jobs, event)));
  if (!isAll && !longerAgo.data) return undefined;
  const known = new Set(among.map((job) => job.id));
  const others = isAll ? [] : endedOf(longerAgo.data ?? []).filter((job) => !known.has(job.id));
  return [...among, ...others].sort((one, other) => Date.parse(other.finished_at ?? "") - Date.parse(one.finished_at ?? "")).slice(0, limit);
}

/** @param {readonly LiveJob[]} jobs */
const endedOf = (jobs) => jobs.filter((job) => !isOpen(job) && !job.archived_at);

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
