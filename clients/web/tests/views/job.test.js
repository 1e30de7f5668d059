import assert from "node:assert/strict";
import { test } from "node:test";

import { wrapped } from "../../ayla_web/charts/plot.js";
import { withNews } from "../../ayla_web/views/job/news.js";
import { sharesOf } from "../../ayla_web/views/job/values.js";

/** @param {number} index @param {number} steps @returns {any} */
const row = (index, steps) => ({ id: `j-${index}`, index, optimizer_index: 0, label: "SGD", seed: index, state: "running", steps_done: steps, summary: null });

/** @param {number} index @param {number} steps @param {object} [more] @returns {any} */
const news = (index, steps, more = {}) => ({ ...row(index, steps), step: steps, loss: 0.5, best_loss: 0.25, best_step: 3, metrics: null, ...more });

test("rows of trials have what an event tells, and those that it is not about stay", () => {
  const page = { data: [row(0, 4), row(1, 4)], next_cursor: "more" };
  const after = withNews(page, [news(1, 8, { metrics: { epoch: 2, test_loss: 0.75 } }), news(7, 8)]);
  assert.equal(after.next_cursor, "more");
  assert.equal(after.data[0], page.data[0]);
  assert.equal(after.data[1]?.steps_done, 8);
  assert.deepEqual([after.data[1]?.summary?.final_loss, after.data[1]?.summary?.best_loss, after.data[1]?.summary?.best_step], [0.5, 0.25, 3]);
  assert.deepEqual(after.data[1]?.summary?.metrics, { test_loss: { best: null, best_epoch: null, final: 0.75 } });
});

test("an event that is older than the answer changes nothing, and what it does not know stays", () => {
  const before = { data: [withNews({ data: [row(0, 4)], next_cursor: null }, [news(0, 8)]).data[0] ?? row(0, 0)], next_cursor: null };
  assert.deepEqual(withNews(before, [news(0, 7, { loss: 9 })]), before);
  const after = withNews(before, [news(0, 9, { loss: null, best_loss: 0.125, state: "diverged" })]).data[0];
  assert.deepEqual([after?.summary?.final_loss, after?.summary?.best_loss, after?.state], [0.5, 0.125, "diverged"]);
});

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
