/** Trials of a job as its table shows them: all of a small one, of a large one page by page as one scrolls. */

import { useCallback, useEffect, useRef, useState } from "../../core/ui.js";
import { ApiProblem, get, url } from "../../core/api.js";
import { useRemote } from "../../core/remote.js";
import { isOpen, isState } from "../../live/changes.js";
import { useLiveEvents } from "../../live/connection.js";
import { METRICS, withNews } from "./news.js";

/** @typedef {import("./news.js").Shown} Shown @typedef {import("./news.js").Page} Page */
/** Trials behind a cursor; null for the first. @typedef {Page & { cursor: string | null }} Part */

/** Trials that are read at once, as a table: those of a small job, or some that follow each other in a large one. */
const AT_ONCE = 500;

/** Trials of a large job that are read at once in another order than its own, one by one, which takes the service longer. */
const SORTED_AT_ONCE = 250;

/** Time after which rows are read again while steps are made; events tell the newest numbers of each meanwhile. */
const WHOLE_MS = 2000;

/**
 * @param {import("./view.js").Job} job
 * @param {string} sort
 * @returns {{ rows: readonly Shown[], isComplete: boolean, remote: import("../../core/remote.js").Remote<readonly Part[]>, more: () => void,
 *   moreProblem: ApiProblem | null, onShown: (first: number, end: number) => void }}
 */
export function useTrialList(job, sort) {
  const key = JSON.stringify([job.id, job.trials.total, sort]);
  const [list, setList] = useState({ key, parts: /** @type {readonly Part[]} */ ([]) });
  const [moreProblem, setMoreProblem] = useState(/** @type {ApiProblem | null} */ (null));
  const shown = useRef({ first: 0, end: 0 });
  const readAt = useRef(0);
  const isReading = useRef(false);
  const parts = list.key === key ? list.parts : [];

  /** The parts that are on the screen. @param {AbortSignal} signal @returns {Promise<readonly Part[]>} */
  const load = async (signal) => {
    readAt.current = performance.now();
    return Promise.all(cursorsIn(parts, shown.current).map((cursor) => partAt(job, sort, cursor, signal)));
  };
  // Where they are sorted, new numbers change the order, which the service knows.
  const isDue = () => sort !== "" || performance.now() - readAt.current > WHOLE_MS;
  const remote = useRemote(key, load, { refreshOn: (event) => event.data.job_id === job.id && (isState(event) || (event.event === "progress" && isDue())), leastMs: 400 });

  useEffect(() => {
    const read = remote.data;
    if (read && !remote.isStale) setList((before) => ({ key, parts: withParts(before.key === key ? before.parts : [], read) }));
  }, [remote.data, remote.isStale, key]);
  useLiveEvents(({ event, data }) => {
    if (event === "metric" && data.job_id === job.id) setList((before) => ({ ...before, parts: before.parts.map((part) => ({ ...part, ...withNews(part, data.trials) })) }));
  });

  const next = parts.at(-1)?.next_cursor ?? null;
  const more = useCallback(async () => {
    if (!next || isReading.current) return;
    isReading.current = true;
    try {
      const part = await partAt(job, sort, next);
      setMoreProblem(null);
      setList((before) => (before.key === key ? { key, parts: withParts(before.parts, [part]) } : before));
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      setMoreProblem(error);
    } finally {
      isReading.current = false;
    }
  }, [key, next]);
  const onShown = useCallback((/** @type {number} */ first, /** @type {number} */ end) => void (shown.current = { first, end }), []);
  // While numbers change, the order may put a trial into two parts that were read at different times.
  const rows = sort && isOpen(job) ? eachOnce(parts) : parts.flatMap(({ data }) => data);
  return { rows, isComplete: parts.length > 0 && next === null, remote, more, moreProblem, onShown };
}

/** @param {readonly Part[]} parts @returns {Shown[]} */
export function eachOnce(parts) {
  const seen = new Set();
  return parts.flatMap(({ data }) => data.filter(({ id }) => !seen.has(id) && seen.add(id)));
}

/**
 * The cursors of the parts that have some rows.
 *
 * @param {readonly Part[]} parts
 * @param {{ first: number, end: number }} rows
 * @returns {(string | null)[]} of the first part, where there is none yet
 */
export function cursorsIn(parts, { first, end }) {
  let below = 0;
  const found = parts.filter(({ data }) => {
    below += data.length;
    return below > first && below - data.length < end;
  });
  return found.length ? found.map(({ cursor }) => cursor) : [null];
}

/**
 * Parts of which some were read again, or read after the last.
 *
 * @param {readonly Part[]} before
 * @param {readonly Part[]} read
 * @returns {Part[]}
 */
export function withParts(before, read) {
  const fresh = new Map(read.map((part) => [part.cursor, part]));
  const known = before.map((part) => fresh.get(part.cursor) ?? part);
  const kept = [...known, ...read.filter((part) => !before.some(({ cursor }) => cursor === part.cursor))];
  // A part goes on where the next begins, though its own end has moved meanwhile.
  return kept.map((part, place) => (kept[place + 1] ? { ...part, next_cursor: kept[place + 1]?.cursor ?? null } : part));
}

/**
 * @param {import("./view.js").Job} job
 * @param {string} sort
 * @param {string | null} cursor of the part
 * @param {AbortSignal | null} [signal]
 * @returns {Promise<Part>}
 */
async function partAt({ id, trials: { total } }, sort, cursor, signal = null) {
  if (sort && total > AT_ONCE) return { ...(await get(url(`/v1/jobs/${id}/trials`, { limit: SORTED_AT_ONCE, sort, cursor }), { signal })), cursor };
  const { trials, next } = windowAt(cursor, total);
  const { columns, rows } = await get(url(`/v1/jobs/${id}/summary`, { sort, trials }), { signal });
  return { cursor, next_cursor: next, data: Array.from({ length: rows }, (_, row) => trialOf(id, (name) => columns[name]?.[row] ?? null)) };
}

/**
 * The trials of a part of the table in the job's order, and where the next part begins.
 *
 * @param {string | null} cursor index of its first trial
 * @param {number} total of the job
 */
export function windowAt(cursor, total) {
  const first = Number(cursor ?? 0);
  const end = first + AT_ONCE;
  return { trials: total > AT_ONCE ? `${first}-${Math.min(end, total) - 1}` : null, next: end < total ? String(end) : null };
}

/** A trial from a row of the table. @param {string} jobId @param {(name: string) => any} of a column @returns {Shown} */
export function trialOf(jobId, of) {
  const metrics = Object.fromEntries(METRICS.flatMap(([name]) => (of(name) === null ? [] : [[name, { final: of(name), best: of(`best_${name}`), best_epoch: of(`best_${name}_epoch`) }]])));
  const notes = of("notes") === null ? [] : [of("notes")];
  const summary = { best_loss: of("best_loss"), best_step: of("best_step"), final_loss: of("final_loss"), first_nonfinite_step: of("first_nonfinite_step"), wall_seconds: of("wall_seconds"), notes, metrics };
  return { id: `${jobId}-${of("trial_index")}`, index: of("trial_index"), optimizer_index: of("optimizer_index"), label: of("label"), seed: of("seed"), state: of("state"), steps_done: of("steps_done"), summary };
}
