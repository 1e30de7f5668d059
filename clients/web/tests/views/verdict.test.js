import assert from "node:assert/strict";
import test from "node:test";

import { differenceAxis, forestRows, intervalText, namesOf, numbered, statedOf } from "../../ayla_web/views/verdict/figures.js";
import { WHILE_RUNNING_MS, halves, isDue, jobsOf, mayVary, requestOf, sensitivityQuery, showsSlopes } from "../../ayla_web/views/verdict/request.js";

/** @param {string} text */
const asked = (text) => requestOf(new URLSearchParams(text), ["a"], true);

test("the address says what is compared", () => {
  assert.deepEqual(asked(""), { job_ids: ["a"], values: true });
  assert.deepEqual(asked("metric=gap&confidence=0.99&baseline=SGD&theme=dark&target=x"), { job_ids: ["a"], values: true, metric: "gap", confidence: 0.99, baseline: "SGD" });
  assert.deepEqual(asked("target=1e-3"), { job_ids: ["a"], values: true, target: 0.001, targets: [0.001] });
  assert.deepEqual(asked("tune=0-2&confirm=3,4").protocol, { tuning_seeds: [0, 1, 2], confirm_seeds: [3, 4] });
  assert.equal(asked("tune=0-2").protocol, undefined);
  assert.deepEqual(jobsOf(new URLSearchParams("jobs=a,b&jobs=b&jobs=")), ["a", "b"]);
});

test("a third of the seeds is suggested for tuning", () => {
  assert.deepEqual(halves([0, 1, 2, 3, 4, 5]), { tune: [0, 1], confirm: [2, 3, 4, 5] });
  assert.deepEqual(halves([4, 9]), { tune: [4], confirm: [9] });
  assert.equal(halves([0]), null);
});

test("a sensitivity is asked for where settings of an arm can differ", () => {
  const adam = /** @type {any} */ ({ name: "adam", learning_rate: 0.1 });
  assert.equal(mayVary({ optimizers: [adam, { ...adam, ayla: { n1: 1 } }], problem: {} }), false);
  assert.equal(mayVary({ optimizers: [adam, { ...adam, learning_rate: 0.2 }], problem: {} }), true);
  assert.equal(mayVary({ optimizers: [{ ...adam, learning_rate: { values: [1, 2] } }], problem: {} }), true);
  assert.equal(mayVary({ optimizers: [adam], problem: { batch_size: { low: 1, high: 8 } } }), true);
});

/** @param {number | null} median @param {any} interval */
const pair = (median, interval) => /** @type {any} */ ({ label: "a", base_label: "b", median_difference: median, interval, unit: "seed" });

test("an infinite end says which infinity it is", () => {
  const [row, without] = forestRows([pair(-1, { low: null, high: null, low_infinity: "-inf", high_infinity: "inf", coverage: 1 }), pair(null, null)]);
  assert.deepEqual([row?.low, row?.high, row?.hasInterval, without?.hasInterval], [-Infinity, Infinity, true, false]);
  assert.equal(intervalText(/** @type {any} */ ({ low: null, high: 2, low_infinity: "-inf" }), String), "-Infinity to 2");
  assert.equal(intervalText(null, String), "none");
});

test("differences of many sizes are logarithmic on both sides of 0, which is always there", () => {
  const rows = forestRows([pair(1e-6, { low: -1e-5, high: 2e-5 }), pair(30, { low: 10, high: 100 })]);
  const axis = differenceAxis(rows, "auto");
  assert.ok(axis.ticks.some(({ at }) => at === 0));
  assert.ok(axis.of(100) <= 1 && axis.of(-1e-5) >= 0);
  assert.ok(axis.of(1e-3) - axis.of(0) > 0.1);
  assert.ok(Math.abs(axis.value(axis.of(30)) - 30) < 1e-6);
  const plain = differenceAxis(rows, "linear");
  assert.ok(plain.of(0) > 0 && plain.of(1e-3) - plain.of(0) < 0.001);
  assert.ok(differenceAxis([], "auto").ticks.length > 0);
});

test("with a protocol arms are stated, else settings", () => {
  const problem = { title: "p", metric: "final_loss", more_is_better: false, optimizers: [{ label: "a lr=1" }, { label: "b lr=1" }], pairs: [1] };
  const plain = /** @type {any} */ ({ problems: [problem], pairs: [], protocol: null });
  assert.deepEqual([namesOf(plain), statedOf(plain)[0]?.pairs], [["a lr=1", "b lr=1"], [1]]);
  const arms = [{ arm: "a", confirmation: { label: "a lr=1" } }, { arm: "b", confirmation: null }];
  const tuned = { ...plain, protocol: { pairs: [], problems: [{ problem: 0, arms, pairs: [2] }] } };
  assert.deepEqual([namesOf(tuned), statedOf(tuned)[0]?.pairs, statedOf(tuned)[0]?.optimizers], [["a", "b"], [2], [{ label: "a" }]]);
});

test("the values on each seed are asked for where few settings are compared, or the address says so", () => {
  const job = (/** @type {number} */ trials) => ({ trials: { total: trials }, resolved: { seeds: [0, 1] } });
  const none = new URLSearchParams();
  assert.equal(showsSlopes(none, [job(60)]), true);
  assert.equal(showsSlopes(none, [job(60), job(60)]), false);
  assert.equal(showsSlopes(new URLSearchParams("seeds=all"), [job(2000)]), true);
  assert.equal(requestOf(none, ["a"], false)["values"], false);
});

test("the sensitivity is by the metric of the address, if settings can be judged by that", () => {
  const of = (/** @type {string} */ text) => String(sensitivityQuery(new URLSearchParams(text), ["a", "b"]));
  assert.equal(of("metric=gap&axis=ayla.n1&minimum=0.5"), "job_id=a&job_id=b&axis=ayla.n1&metric=gap&minimum=0.5");
  assert.equal(of("metric=steps_to_target&minimum=x"), "job_id=a&job_id=b");
});

test("a comparison of a job that goes on is made again now and then, of one that has ended at once", () => {
  const of = (/** @type {string} */ event, /** @type {string} */ id, /** @type {number} */ age) => isDue({ event, data: { job_id: id } }, ["a"], age);
  assert.deepEqual([of("state", "a", 0), of("end", "a", 0), of("state", "b", Infinity)], [true, true, false]);
  assert.deepEqual([of("progress", "a", WHILE_RUNNING_MS - 1), of("progress", "a", WHILE_RUNNING_MS + 1)], [false, true]);
});

test("remarks that rows share have one number", () => {
  const { of, notes } = numbered();
  assert.deepEqual([of("b"), of(null), of("a"), of("b")], [1, "", 2, 1]);
  assert.deepEqual(notes, ["b", "a"]);
});
