import assert from "node:assert/strict";
import test from "node:test";

import { wrapped } from "../../ayla_web/charts/plot.js";
import { sharesOf } from "../../ayla_web/views/job/values.js";

test("each value has the share of settings that are at least as good; who diverged is in the whole", () => {
  assert.deepEqual(sharesOf({ values: [1, 2, 5, null], selected_among: 4 }), { xs: [1, 2, 5], ys: [0.25, 0.5, 0.75] });
  const many = sharesOf({ values: Array.from({ length: 101 }, (_, place) => place), selected_among: 1001 });
  assert.deepEqual([many.ys[0], many.ys[50], many.ys[100]], [1 / 1001, 501 / 1001, 1]);
  assert.deepEqual(sharesOf({ values: [], selected_among: 0 }), { xs: [], ys: [] });
  assert.deepEqual(sharesOf({ values: [3], selected_among: 1 }), { xs: [3], ys: [1] });
});

test("words stand in lines that are short enough, each word whole", () => {
  assert.deepEqual(wrapped("a name of an axis", 8), ["a name", "of an", "axis"]);
  assert.deepEqual(wrapped("unbreakable", 4), ["unbreakable"]);
  assert.deepEqual(wrapped("", 4), [""]);
});
