import assert from "node:assert/strict";
import test from "node:test";

import { axisOf, backward, forward, linearTicks, powerText, spansDecade, tickText } from "../../ayla_web/charts/axis.js";

test("scales go there and back", () => {
  for (const scale of /** @type {const} */ (["linear", "log", "reverse-log"])) {
    assert.ok(Math.abs(backward(scale, forward(scale, 0.9)) - 0.9) < 1e-12);
  }
});

test("ticks are round numbers within the axis", () => {
  assert.deepEqual(linearTicks(0, 1, 5), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(axisOf([1e-4, 1], { scale: "log" }).ticks.map(({ text }) => text), ["10⁻⁴", "10⁻³", "0.01", "0.1", "1"]);
  const within = axisOf([2, 3], { scale: "log" });
  assert.ok(within.ticks.length >= 2 && within.ticks.every(({ at }) => at >= within.low && at <= within.high));
});

test("one value, and none, have an axis too", () => {
  assert.equal(axisOf([3]).of(3), 0.5);
  assert.equal(axisOf([0]).of(0), 0.5);
  assert.ok(axisOf([]).ticks.length > 1);
  assert.equal(axisOf([Infinity, NaN, 2, 4], { pad: 0 }).high, 4);
});

test("what a logarithm shows better", () => {
  assert.equal(spansDecade([0, 1, 10, null, Infinity]), true);
  assert.equal(spansDecade([1, 5]), false);
  assert.equal(spansDecade([-1, 100]), false);
});

test("ticks are written plainly", () => {
  assert.equal(tickText(-0.25), "−0.25");
  assert.equal(tickText(1e-5), "1e−5");
  assert.equal(powerText(1e6), "10⁶");
});
