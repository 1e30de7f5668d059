/** What a comparison is asked for, from the address of the view. */

import { hasAxis, seedsOf } from "../new/draft.js";

/** Options of a comparison that the address names as the API does. */
const TEXTS = ["metric", "target_metric", "baseline", "cost"];
const NUMBERS = ["target", "minimum", "confidence"];

/**
 * The body of POST /v1/comparisons.
 *
 * @param {URLSearchParams} query
 * @param {string[]} jobIds
 * @returns {Record<string, unknown>}
 */
export function requestOf(query, jobIds) {
  /** @type {Record<string, unknown>} */
  const body = { job_ids: jobIds, values: true };
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
 * Whether settings of one arm can differ along an axis, so that the service can have a sensitivity.
 *
 * @param {{ optimizers: readonly { name: string, ayla?: unknown, arm?: string | null }[], problem: unknown }} spec as resolved
 */
export function mayVary({ optimizers, problem }) {
  const arms = optimizers.map(({ name, ayla, arm }) => arm ?? `${name} ${Boolean(ayla)}`);
  return new Set(arms).size < arms.length || hasAxis(optimizers) || hasAxis(problem);
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
