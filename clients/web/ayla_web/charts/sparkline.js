/** Small line without axes, for a row of a table. */

import { html } from "../core/ui.js";

/** @param {{ values: readonly (number | null)[], colour?: string }} props */
export function Sparkline({ values, colour = "var(--bar)" }) {
  const path = sparkPath(values);
  return html`<svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true">${path && html`<path d=${path} style=${{ stroke: colour }} />`}</svg>`;
}

/**
 * The line in a box of 100 × 24, logarithmic where all values are positive and span more than a factor of 100.
 *
 * @param {readonly (number | null)[]} values
 * @returns {string}
 */
export function sparkPath(values) {
  const finite = /** @type {number[]} */ (values.filter((value) => value !== null && Number.isFinite(value)));
  if (finite.length < 2) return "";
  let [low, high] = [Math.min(...finite), Math.max(...finite)];
  const isLog = low > 0 && high / low > 100;
  const place = isLog ? Math.log : (/** @type {number} */ value) => value;
  [low, high] = [place(low), place(high)];
  const scale = high > low ? 21 / (high - low) : 0;
  let pen = "M";
  let path = "";
  for (const [at, value] of values.entries()) {
    if (value === null || !Number.isFinite(value)) pen = "M";
    else {
      const y = 22.5 - (scale ? (place(value) - low) * scale : 10.5);
      path += `${pen}${round((100 * at) / (values.length - 1))} ${round(y)}`;
      pen = "L";
    }
  }
  return path;
}

/** @param {number} value */
const round = (value) => Math.round(value * 100) / 100;
