/** Why settings of a sweep have not run to their end, in words. */

import { count } from "../../core/format.js";

/** @typedef {import("../../core/api.js").Schemas} Schemas */

/**
 * On how many of its seeds a setting was stopped, and why.
 *
 * @param {Pick<Schemas["RankedSetting"], "seeds" | "diverged_seeds" | "first_nonfinite_step" | "failed_seeds" | "cancelled_seeds">} row
 */
export function stopped({ seeds, diverged_seeds: diverged, first_nonfinite_step: step, failed_seeds: failed, cancelled_seeds: cancelled }) {
  const of = (/** @type {number} */ some) => (seeds > 1 ? `${count(some)} of ${count(seeds)} ` : "");
  return [
    diverged > 0 && `${of(diverged)}diverged${step === null ? "" : `, ${diverged > 1 ? "the first " : ""}at step ${count(step)}`}`,
    failed > 0 && `${of(failed)}failed`,
    cancelled > 0 && `${of(cancelled)}cancelled`,
  ].filter(Boolean).join("; ");
}
