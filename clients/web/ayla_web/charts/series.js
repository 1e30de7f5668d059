/** Lines of a chart as columns over shared steps. */

import uPlot from "../lib/uplot.js";

/** @typedef {readonly (number | null)[]} Values null: not a finite number */

/**
 * One arm of a chart. low and high are empty where there is a single seed.
 *
 * @typedef {{ key: string, label: string, look: import("./looks.js").Look, x: readonly number[], median: Values, low: Values,
 *   high: Values, ends: readonly { x: number, value: number | null }[] }} Line
 */

/**
 * The columns that a plot draws: the shared x, and of each line its median, low and high.
 *
 * @param {readonly Line[]} lines
 * @param {boolean} xLog leaves out what has no place on a logarithmic axis
 * @returns {uPlot.AlignedData}
 */
export function aligned(lines, xLog) {
  const tables = lines.map((line) => {
    const first = xLog ? line.x.findIndex((value) => value > 0) : 0;
    const from = first < 0 ? line.x.length : first;
    const cut = (/** @type {Values} */ values) => (values.length ? values.slice(from) : line.x.slice(from).map(() => null));
    return /** @type {uPlot.AlignedData} */ ([line.x.slice(from), cut(line.median), cut(line.low), cut(line.high)]);
  });
  const filled = tables.filter((table) => table[0].length);
  if (!filled.length) return /** @type {uPlot.AlignedData} */ ([[], ...lines.flatMap(() => [[], [], []])]);
  return uPlot.join(tables.map((table) => (table[0].length ? table : /** @type {uPlot.AlignedData} */ ([[/** @type {number} */ (filled[0]?.[0][0])], [null], [null], [null]]))));
}

/** Whether all values are above 0, so that a logarithmic axis has them all. @param {readonly Line[]} lines */
export const isPositive = (lines) => lines.every((line) => [line.median, line.low, line.high].every((values) => values.every((value) => value === null || value > 0)));

/** Size below which a symmetric logarithmic axis is linear: a thousandth of the largest. @param {readonly Line[]} lines */
export function linearBelow(lines) {
  let largest = 0;
  for (const line of lines) for (const value of line.median) largest = Math.max(largest, Math.abs(value ?? 0));
  return largest ? 10 ** Math.floor(Math.log10(largest) - 2) : 1;
}

/** Place of the value that is nearest, in growing values; -1 where there are none. @param {readonly number[]} values @param {number} wanted */
export function nearest(values, wanted) {
  let [low, high] = [0, values.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (/** @type {number} */ (values[middle]) < wanted) low = middle + 1;
    else high = middle;
  }
  if (low > 0 && wanted - /** @type {number} */ (values[low - 1]) < /** @type {number} */ (values[low]) - wanted) return low - 1;
  return values.length ? low : -1;
}

/**
 * A range that is wider or narrower around a place of it.
 *
 * @param {readonly [number, number]} range
 * @param {number} place that stays where it is
 * @param {number} times how wide it is afterwards
 * @param {readonly [number, number]} ends of all that there is
 * @param {boolean} isLog
 * @returns {[number, number] | null} null for all
 */
export function widened([low, high], place, times, [first, last], isLog) {
  const [there, back] = isLog ? [Math.log, Math.exp] : [Number, Number];
  const at = there(Math.min(high, Math.max(low, place)));
  const [from, to] = [at - (at - there(low)) * times, at + (there(high) - at) * times];
  const near = 0.005 * (there(last) - there(first)); // addresses round what they hold
  if (from <= there(first) + near && to >= there(last) - near) return null;
  return [Math.max(first, back(from)), Math.min(last, back(to))];
}

/** Whether a line has a place to be drawn at. @param {Line} line */
export const hasFinite = (line) => line.median.some((value) => value !== null);

/** Whether positive values span more than a factor of ten: the figures' rule for a logarithmic axis. @param {readonly Line[]} lines */
export function spansDecades(lines) {
  const [low, high] = extent(lines, false);
  return low > 0 && high >= 10 * low;
}

/**
 * What of the values is shown: all, but of lines that diverge only what fits to those that do not. A few steps on the way
 * to infinity would make a flat line of all others; their mark stands at the edge.
 *
 * @param {readonly Line[]} lines
 * @param {boolean} byRatio whether the axis is logarithmic
 * @returns {[number, number]}
 */
export function valueRange(lines, byRatio) {
  const settled = lines.filter((line) => !line.ends.length);
  const [low, high] = extent(settled.length ? settled : lines, byRatio);
  if (low > high) return byRatio ? [0.1, 1] : [0, 1];
  if (byRatio) {
    const margin = Math.max((high / low) ** 0.04, 1.05);
    return [low / margin, high * margin];
  }
  const margin = 0.04 * (high - low) || Math.abs(high) * 0.1 || 1;
  return [low - margin, high + margin];
}

/** @param {readonly Line[]} lines @param {boolean} positive @returns {[number, number]} lowest and highest of all values */
function extent(lines, positive) {
  let [low, high] = [Infinity, -Infinity];
  for (const values of lines.flatMap((line) => [line.median, line.low, line.high])) {
    for (const value of values) {
      if (value === null || (positive && value <= 0)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  return [low, high];
}
