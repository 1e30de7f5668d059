/** What a comparison is asked for, from the address of the view. */

import { isState } from "../../live/changes.js";
import { hasAxis, seedsOf } from "../new/draft.js";

/** Of a list of pairs or settings so many are shown at first. */
export const FIRST = 30;

/** Time after which a comparison is computed again while steps are made. */
export const WHILE_RUNNING_MS = 10_000;

/** Metrics that need the steps of trials, by which no setting of a sweep is judged. */
const OF_STEPS = ["area_under_curve", "steps_to_target", "epochs_to_target"];

/** Options of a comparison that the address names as the API does. */
const TEXTS = ["metric", "target_metric", "baseline", "cost"];
const NUMBERS = ["target", "minimum", "confidence"];

/**
 * The body of POST /v1/comparisons.
 *
 * @param {URLSearchParams} query
 * @param {string[]} jobIds
 * @param {boolean} hasSlopes whether each pair is shown seed by seed
 * @returns {Record<string, unknown>}
 */
export function requestOf(query, jobIds, hasSlopes) {
  /** @type {Record<string, unknown>} */
  const body = { job_ids: jobIds, values: hasSlopes };
  for (const name of TEXTS) if (query.get(name)) body[name] = query.get(name);
  for (const name of NUMBERS) {
    const value = Number(query.get(name));
    if (query.get(name) && Number.isFinite(value)) body[name] = value;
  }
  // One target of one's own is the only one of the ECDF then, so that its curve moves with the target.
  if (body.target !== undefined) body.targets = [body.target];
  const [tuning, confirm] = [seedsOf(query.get("tune") ?? ""), seedsOf(query.get("confirm") ?? "")];
  if (tuning && confirm) body.protocol = { tuning_seeds: tuning, confirm_seeds: confirm };
  return body;
}

/**
 * Whether pairs are shown seed by seed: those of few settings, of more where the address says so.
 *
 * @param {URLSearchParams} query
 * @param {readonly { trials: { total: number }, resolved: { seeds: readonly number[] } }[]} jobs
 */
export const showsSlopes = (query, jobs) => query.get("seeds") === "all" || jobs.reduce((sum, job) => sum + job.trials.total / job.resolved.seeds.length, 0) <= FIRST + 1;

/**
 * Whether settings of one arm can differ along an axis, so that the service can have a sensitivity.
 *
 * @param {{ optimizers: readonly { name: string, ayla?: unknown, arm?: string | null }[], problem: unknown }} spec as resolved
 */
export function mayVary({ optimizers, problem }) {
  const arms = optimizers.map(({ name, ayla, arm }) => arm ?? `${name} ${Boolean(ayla)}`);
  return new Set(arms).size < arms.length || hasAxis(optimizers) || hasAxis(problem);
}

/**
 * Whether an event asks for another comparison: a job has begun or ended, or goes on and the last one is old.
 *
 * @param {import("../../live/follower.js").LiveEvent} event
 * @param {readonly string[]} jobIds that are compared
 * @param {number} age of the last comparison, in milliseconds
 */
export const isDue = (event, jobIds, age) => jobIds.includes(event.data?.job_id) && (isState(event) || (event.event === "progress" && age > WHILE_RUNNING_MS));

/**
 * Of the sensitivity to an axis, over all settings of some jobs.
 *
 * @param {URLSearchParams} query
 * @param {readonly string[]} jobIds
 */
export function sensitivityQuery(query, jobIds) {
  const asked = new URLSearchParams(jobIds.map((id) => ["job_id", id]));
  for (const name of ["axis", "metric", "minimum"]) {
    const value = query.get(name);
    if (value && !OF_STEPS.includes(value) && (name !== "minimum" || Number.isFinite(Number(value)))) asked.set(name, value);
  }
  return asked;
}

/** @param {URLSearchParams} query @returns {string[]} the jobs of /compare?jobs=…, each once */
export const jobsOf = (query) => [...new Set(query.getAll("jobs").flatMap((text) => text.split(",")).filter(Boolean))];

/**
 * Seeds in two halves, to tune on the first and compare on the others.
 *
 * @param {readonly number[]} seeds
 * @returns {{ tune: number[], confirm: number[] } | null} null with fewer than two
 */
export function halves(seeds) {
  if (seeds.length < 2) return null;
  const middle = Math.max(1, Math.floor(seeds.length / 3));
  return { tune: seeds.slice(0, middle), confirm: seeds.slice(middle) };
}
