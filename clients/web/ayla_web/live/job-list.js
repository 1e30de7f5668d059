/** A list of jobs that grows as one scrolls, and follows what happens: jobs come in, change in place and go. */

import { useCallback, useEffect, useRef, useState } from "../core/ui.js";
import { ApiProblem, get, url } from "../core/api.js";
import { useRemote } from "../core/remote.js";
import { allChanged, isState } from "./changes.js";
import { begun, hear, missed, useLiveEvents } from "./connection.js";

/** @typedef {import("./changes.js").LiveJob} LiveJob @typedef {{ data: LiveJob[], next_cursor: string | null }} Page */

/** @typedef {import("../core/api.js").Parameters} Parameters @typedef {{ key: string, filter: Parameters, jobs: readonly LiveJob[], cursor: string | null }} List */

const PER_PAGE = 100;

/** The list that was shown last, which goes on to follow what happens: for whoever comes back to it. @type {List | null} */
let kept = null;

hear((event) => (kept &&= followed(kept, event)));
for (const reason of [missed, begun]) reason.subscribe(() => (kept = null));

/**
 * A list after an event: jobs that it changes so that they are not listed any more are left out.
 *
 * @param {List} list
 * @param {import("./changes.js").LiveEvent} event
 * @returns {List} the same if nothing changes
 */
export function followed(list, event) {
  const jobs = allChanged(list.jobs, event);
  if (jobs === list.jobs) return list;
  const changed = event.event === "state" ? event.data.job_id : null;
  return { ...list, jobs: jobs.filter((job) => job.id !== changed || isListed(job, list.filter)) };
}

/**
 * Whether a job meets those conditions that can cease to hold and that a job tells by itself; a search is the service's.
 *
 * @param {LiveJob} job
 * @param {Parameters} filter
 */
const isListed = (job, { state, project, tag, archived = "no" }) =>
  (!state || job.state === state) && (!project || job.project === normal(project)) && (!tag || job.tags.includes(normal(tag)))
  && (archived === "also" || (archived === "only") === (job.archived_at !== null));

/** As the service keeps labels. @param {unknown} text */
const normal = (text) => String(text).normalize("NFC");

/**
 * A list after its first page was read again: what came in stands first, and what has gone from it is left out.
 *
 * @param {readonly LiveJob[]} page
 * @param {readonly LiveJob[]} before
 * @param {"created_at" | "updated_at"} field that the list is ordered by
 * @param {boolean} isDescending
 * @returns {readonly LiveJob[]}
 */
export function withFirstPage(page, before, field, isDescending) {
  const last = page.at(-1)?.[field];
  if (last === undefined) return [];
  const fresh = new Set(page.map((job) => job.id));
  const isBehind = (/** @type {LiveJob} */ job) => (isDescending ? job[field] <= last : job[field] >= last);
  return [...page, ...before.filter((job) => !fresh.has(job.id) && isBehind(job))];
}

/**
 * @param {Parameters} filter of the list, with its ``sort``
 * @param {boolean} isAgain whether somebody comes back to it: it is there at once, as long as it was
 * @returns {{ jobs: readonly LiveJob[], isComplete: boolean, remote: import("../core/remote.js").Remote<Page>, more: () => void,
 *   moreProblem: ApiProblem | null }} isComplete: there are no more than these
 */
export function useJobList(filter, isAgain) {
  const sort = String(filter["sort"] ?? "-created_at");
  const field = sort.endsWith("updated_at") ? "updated_at" : "created_at";
  const key = url("/v1/jobs", { ...filter, limit: PER_PAGE });
  const [list, setList] = useState(() => (isAgain && kept?.key === key ? kept : /** @type {List} */ ({ key: "", filter, jobs: [], cursor: null })));
  const [moreProblem, setMoreProblem] = useState(/** @type {ApiProblem | null} */ (null));
  const isReading = useRef(false);
  const remote = useRemote(key, (signal) => /** @type {Promise<Page>} */ (get(key, { signal })), { refreshOn: (event) => isState(event), leastMs: 700 });

  useEffect(() => {
    const page = remote.data;
    if (!page || remote.isStale) return;
    setList((before) => before.key === key && before.jobs.length > page.data.length && page.data.length === PER_PAGE
      ? { ...before, jobs: withFirstPage(page.data, before.jobs, field, sort.startsWith("-")) }
      : { key, filter, jobs: page.data, cursor: page.next_cursor });
  }, [remote.data, remote.isStale, key]);
  useLiveEvents((event) => setList((before) => followed(before, event)));
  useEffect(() => {
    if (list.key) kept = list;
  }, [list]);

  const { cursor } = list;
  const more = useCallback(async () => {
    if (!cursor || isReading.current) return;
    isReading.current = true;
    try {
      /** @type {Page} */
      const page = await get(url("/v1/jobs", { ...filter, limit: PER_PAGE, cursor }));
      setMoreProblem(null);
      setList((before) => {
        if (before.key !== key) return before;
        const known = new Set(before.jobs.map((job) => job.id));
        return { ...before, jobs: [...before.jobs, ...page.data.filter((job) => !known.has(job.id))], cursor: page.next_cursor };
      });
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      setMoreProblem(error);
    } finally {
      isReading.current = false;
    }
  }, [key, cursor]);
  return { jobs: list.jobs, isComplete: !cursor, remote, more, moreProblem };
}
