import assert from "node:assert/strict";
import test from "node:test";

import { cellOf, cellText, conditionsOf, heatmapQuery } from "../../ayla_web/views/sweep/request.js";
import { stopped } from "../../ayla_web/views/sweep/stopped.js";

test("the address says which map is shown", () => {
  const query = new URLSearchParams("x=ayla.n1&y=ayla.n2&reduce=median&over=worst&metric=gap&arm=a&arm=b&cell=1-2&theme=dark");
  assert.equal(String(heatmapQuery(query)), "metric=gap&over_seeds=worst&x=ayla.n1&y=ayla.n2&reduce=median&arm=a&arm=b&packed=true");
});

test("a cell stands in the address", () => {
  assert.deepEqual(cellOf("3-14"), { column: 3, row: 14, arm: 0 });
  assert.deepEqual(cellOf(cellText({ column: 3, row: 14 }, 2)), { column: 3, row: 14, arm: 2 });
  assert.deepEqual(["", null, "a-b", "1", "-1-2"].map(cellOf), [null, null, null, null, null]);
});

test("settings of a cell meet conditions on its axes", () => {
  const bins = { path: "learning_rate", values: [0.05, 0.5], edges: [0.01, 0.1, 1] };
  assert.deepEqual(conditionsOf(bins, 0), ["learning_rate>=0.01", "learning_rate<0.1"]);
  assert.deepEqual(conditionsOf(bins, 1), ["learning_rate>=0.1", "learning_rate<=1"]);
  const [low, high] = conditionsOf({ path: "ayla.n1", values: [0.5], edges: null }, 0).map((text) => Number(text.replace(/.*=/, "")));
  assert.ok(Number(low) < 0.5 && 0.5 < Number(high));
  assert.deepEqual(conditionsOf({ path: "x", values: [0], edges: null }, 0), ["x=0"]);
});

test("a setting says on how many seeds it was stopped, why and when", () => {
  const whole = { seeds: 10, diverged_seeds: 0, first_nonfinite_step: null, failed_seeds: 0, cancelled_seeds: 0 };
  assert.equal(stopped(whole), "");
  assert.equal(stopped({ ...whole, diverged_seeds: 3, first_nonfinite_step: 40 }), "3 of 10 diverged, the first at step 40");
  assert.equal(stopped({ ...whole, diverged_seeds: 1, first_nonfinite_step: 40, failed_seeds: 2, cancelled_seeds: 4 }), "1 of 10 diverged, at step 40; 2 of 10 failed; 4 of 10 cancelled");
  assert.equal(stopped({ ...whole, seeds: 1, cancelled_seeds: 1 }), "cancelled");
});
