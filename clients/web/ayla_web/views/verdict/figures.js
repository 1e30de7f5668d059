/** What the figures of a verdict draw, from the numbers of the service; none is computed here. */

import { axisOf } from "../../charts/axis.js";

/** @typedef {import("../../core/api.js").Schemas} Schemas @typedef {import("../../charts/axis.js").Axis} Axis */

/** @param {number | null} value @param {"-inf" | "inf" | null | undefined} infinity @returns {number} */
const end = (value, infinity) => value ?? (infinity === "-inf" ? -Infinity : Infinity);

/**
 * A row of a forest plot.
 *
 * @typedef {{ pair: Schemas["PairComparison"], middle: number | null, low: number, high: number, hasInterval: boolean }} ForestRow
 */

/** @param {readonly Schemas["PairComparison"][]} pairs @returns {ForestRow[]} */
export const forestRows = (pairs) =>
  pairs.map((pair) => ({
    pair,
    middle: pair.median_difference,
    low: pair.interval ? end(pair.interval.low, pair.interval.low_infinity) : NaN,
    high: pair.interval ? end(pair.interval.high, pair.interval.high_infinity) : NaN,
    hasInterval: pair.interval !== null,
  }));

/**
 * An axis with 0 on it for differences; where they span many sizes it is logarithmic on both sides of 0.
 *
 * @param {readonly ForestRow[]} rows
 * @param {"auto" | "linear" | "log"} wanted
 * @returns {Axis}
 */
export function differenceAxis(rows, wanted) {
  const values = rows.flatMap(({ middle, low, high }) => [middle ?? NaN, low, high]).filter(Number.isFinite);
  const sizes = values.map(Math.abs).filter((size) => size > 0);
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  if (!sizes.length || wanted === "linear" || (wanted === "auto" && most / least < 300)) return axisOf(values, { include: [0], pad: 0.08 });
  return bothSides(values, Math.max(least, most * 1e-6));
}

/** An axis that is logarithmic beyond a size on both sides of 0, and linear between. @param {readonly number[]} values @param {number} unit @returns {Axis} */
function bothSides(values, unit) {
  const forward = (/** @type {number} */ value) => Math.sign(value) * Math.log10(1 + Math.abs(value) / unit);
  const backward = (/** @type {number} */ place) => Math.sign(place) * unit * (10 ** Math.abs(place) - 1);
  const inner = axisOf([...values, 0].map(forward), { pad: 0.08 });
  const [low, high] = [inner.low, inner.high];
  const reach = Math.max(Math.abs(low), Math.abs(high));
  const decades = Math.ceil(Math.log10(unit)) + Math.ceil(reach);
  const every = Math.max(1, Math.ceil(reach / 3));
  const sizes = Array.from({ length: Math.ceil(reach / every) + 1 }, (_, place) => 10 ** (decades - place * every)).filter((size) => size >= unit);
  const of = (/** @type {number} */ value) => (forward(value) - low) / (high - low);
  const ticks = [...sizes.map((size) => -size), 0, ...sizes].filter((at) => of(at) >= 0 && of(at) <= 1);
  return {
    scale: "linear",
    low: backward(low),
    high: backward(high),
    of,
    value: (share) => backward(low + share * (high - low)),
    ticks: ticks.sort((a, b) => a - b).map((at) => ({ at, text: `${at < 0 ? "−" : ""}${at === 0 ? "0" : String(Number(Math.abs(at).toPrecision(3))).replace("e-", "e−")}` })),
  };
}

/**
 * Which side of 0 is better for the first of each pair.
 *
 * @param {Schemas["JobsComparison"]} answer
 * @param {"seed" | "problem"} unit
 * @param {boolean | null} moreIsBetter
 * @returns {"left" | "right"}
 */
export const betterSide = (answer, unit, moreIsBetter) => (moreIsBetter && !(unit === "problem" && answer.metric === "by_problem") ? "right" : "left");

/**
 * Numbers of remarks that rows of a table share.
 *
 * @returns {{ of: (note: string | null | undefined) => number | "", notes: string[] }} of: the number of a remark, from 1; notes: all of
 *   them so far
 */
export function numbered() {
  /** @type {string[]} */
  const notes = [];
  const of = (/** @type {string | null | undefined} */ note) => {
    if (!note) return "";
    if (!notes.includes(note)) notes.push(note);
    return notes.indexOf(note) + 1;
  };
  return { of, notes };
}

/**
 * Everything that is stated, problem by problem: with a protocol about arms, else about settings.
 *
 * @typedef {{ title: string, metric: string, moreIsBetter: boolean, pairs: Schemas["PairComparison"][],
 *   optimizers: Schemas["ComparedOptimizer"][], tuned: Schemas["ArmsOnProblem"] | null, problem: Schemas["ProblemComparison"] }} Stated
 */

/** @param {Schemas["JobsComparison"]} answer @returns {Stated[]} */
export function statedOf(answer) {
  return answer.problems.map((problem, place) => {
    const tuned = answer.protocol?.problems.find((one) => one.problem === place) ?? null;
    return {
      title: problem.title,
      metric: problem.metric,
      moreIsBetter: problem.more_is_better,
      pairs: tuned ? tuned.pairs : problem.pairs,
      optimizers: tuned ? tuned.arms.flatMap((arm) => (arm.confirmation ? [{ ...arm.confirmation, label: arm.arm }] : [])) : problem.optimizers,
      tuned,
      problem,
    };
  });
}

/** Statements over all problems. @param {Schemas["JobsComparison"]} answer @returns {Schemas["PairComparison"][]} */
export const overProblems = (answer) => answer.protocol?.pairs ?? answer.pairs;

/** Names whose place gives them their look, in the order of the comparison. @param {Schemas["JobsComparison"]} answer @returns {string[]} */
export function namesOf(answer) {
  const names = answer.protocol
    ? answer.protocol.problems.flatMap((one) => one.arms.map((arm) => arm.arm))
    : answer.problems.flatMap((problem) => problem.optimizers.map((one) => one.label));
  return [...new Set(names)];
}

/** Seeds that any pair, or any setting, has. @param {Schemas["JobsComparison"]} answer @returns {number} */
export const mostSeeds = (answer) => Math.max(0, ...answer.problems.flatMap((problem) => problem.optimizers.map((one) => one.seeds + one.unfinished)));

/** @type {Record<string, string>} */
const METRICS = {
  test_loss: "test loss", test_accuracy: "test accuracy", full_train_loss: "loss on all training data", full_train_accuracy: "accuracy on all training data",
  final_loss: "final loss", best_loss: "best loss", gap: "gap to the minimum", area_under_curve: "area under the curve",
  steps_to_target: "steps to the target", epochs_to_target: "epochs to the target", by_problem: "the metric of each problem",
};

/** @param {string} metric @returns {string} */
export const metricInWords = (metric) => METRICS[metric] ?? metric.replaceAll("_", " ");

/** @type {Record<string, readonly [string, string]>} sign and word of each outcome */
export const OUTCOMES = {
  better: ["▲", "better"],
  worse: ["▼", "worse"],
  undecided: ["◇", "undecided"],
  no_statement: ["·", "no statement"],
};

/** @param {Schemas["ConfidenceInterval"] | null} interval @param {(value: number) => string} written @returns {string} */
export function intervalText(interval, written) {
  if (!interval) return "none";
  const [low, high] = [end(interval.low, interval.low_infinity), end(interval.high, interval.high_infinity)];
  return `${written(low)} to ${written(high)}`;
}
