/** A list of jobs that grows as one scrolls, and follows what happens: new jobs come in, others change in place. */

import { useCallback, useEffect, useRef, useState } from "../core/ui.js";
import { ApiProblem, get, url } from "../core/api.js";
import { useRemote } from "../core/remote.js";
import { allChanged, isState } from "./changes.js";
import { useLiveEvents } from "./connection.js";

/** @typedef {import("./changes.js").LiveJob} LiveJob @typedef {{ data: LiveJob[], next_cursor: string | null }} Page */

const PER_PAGE = 100;

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
 * @param {import("../core/api.js").Parameters} filter of the list, with its ``sort``
 * @returns {{ jobs: readonly LiveJob[], isComplete: boolean, remote: import("../core/remote.js").Remote<Page>, more: () => void,
 *   moreProblem: ApiProblem | null }} isComplete: there are no more than these
 */
export function useJobList(filter) {
  const sort = String(filter["sort"] ?? "-created_at");
  const field = sort.endsWith("updated_at") ? "updated_at" : "created_at";
  const key = url("/v1/jobs", { ...filter, limit: PER_PAGE });
  const [list, setList] = useState({ key: "", jobs: /** @type {readonly LiveJob[]} */ ([]), cursor: /** @type {string | null} */ (null) });
  const [moreProblem, setMoreProblem] = useState(/** @type {ApiProblem | null} */ (null));
  const isReading = useRef(false);
  const remote = useRemote(key, (signal) => /** @type {Promise<Page>} */ (get(key, { signal })), { refreshOn: (event) => isState(event), leastMs: 700 });

  useEffect(() => {
    const page = remote.data;
    if (!page || remote.isStale) return;
    setList((before) => before.key === key && before.jobs.length > page.data.length && page.data.length === PER_PAGE
      ? { ...before, jobs: withFirstPage(page.data, before.jobs, field, sort.startsWith("-")) }
      : { key, jobs: page.data, cursor: page.next_cursor });
  }, [remote.data, remote.isStale, key]);
  useLiveEvents((event) => setList((before) => {
    const jobs = allChanged(before.jobs, event);
    return jobs === before.jobs ? before : { ...before, jobs };
  }));

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
        return { key, jobs: [...before.jobs, ...page.data.filter((job) => !known.has(job.id))], cursor: page.next_cursor };
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
