import assert from "node:assert/strict";
import { test } from "node:test";

import { wrapped } from "../../ayla_web/charts/plot.js";
import { happenings, toldOf } from "../../ayla_web/views/job/happenings.js";
import { withNews } from "../../ayla_web/views/job/news.js";
import { cursorsIn, eachOnce, trialOf, windowAt, withParts } from "../../ayla_web/views/job/trial-list.js";
import { nothingIn, sharesOf } from "../../ayla_web/views/job/values.js";

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

/** @param {string | null} cursor @param {number[]} indexes @param {string | null} next @returns {any} */
const part = (cursor, indexes, next) => ({ cursor, data: indexes.map((index) => row(index, 1)), next_cursor: next });

test("of many trials those parts are read again that are on the screen", () => {
  const parts = [part(null, [0, 1, 2], "a"), part("a", [3, 4, 5], "b"), part("b", [6], null)];
  assert.deepEqual(cursorsIn(parts, { first: 0, end: 2 }), [null]);
  assert.deepEqual(cursorsIn(parts, { first: 2, end: 4 }), [null, "a"]);
  assert.deepEqual(cursorsIn(parts, { first: 6, end: 7 }), ["b"]);
  assert.deepEqual(cursorsIn([], { first: 0, end: 40 }), [null]);
});

test("parts that were read again stand where they stood, and go on where the next begins", () => {
  const parts = [part(null, [0, 1], "a"), part("a", [2, 3], "b")];
  const again = withParts(parts, [part(null, [1, 0], "moved")]);
  assert.deepEqual(again.map(({ data, next_cursor: next }) => [data.map(({ index }) => index), next]), [[[1, 0], "a"], [[2, 3], "b"]]);
  assert.deepEqual(withParts(again, [part("b", [4], null)]).map(({ cursor, next_cursor: next }) => [cursor, next]), [[null, "a"], ["a", "b"], ["b", null]]);
  assert.deepEqual(eachOnce([part(null, [0, 2], "a"), part("a", [2, 3], null)]).map(({ index }) => index), [0, 2, 3]);
});

test("a large job is read in parts that follow each other, a small one at once", () => {
  assert.deepEqual(windowAt(null, 500), { trials: null, next: null });
  assert.deepEqual(windowAt(null, 501), { trials: "0-499", next: "500" });
  assert.deepEqual(windowAt("500", 501), { trials: "500-500", next: null });
});

test("a row of the table keeps its remark", () => {
  /** @type {Record<string, unknown>} */
  const given = { trial_index: 4, label: "AYLA", notes: "N1 had no effect.", test_loss: 0.5 };
  const trial = trialOf("j", (name) => given[name] ?? null);
  assert.deepEqual([trial.id, trial.summary?.notes, trial.summary?.metrics], ["j-4", ["N1 had no effect."], { test_loss: { final: 0.5, best: null, best_epoch: null } }]);
  assert.deepEqual(trialOf("j", () => null).summary?.notes, []);
});

/** @param {number} shard @param {string} outcome @returns {any} */
const attempt = (shard, outcome) => ({ shard_id: `s${shard}`, shard_index: shard, number: 1, worker: "w", device: null, first_step: 0, outcome, started_at: `2026-01-01T00:00:1${shard}Z`, ended_at: outcome === "running" ? null : `2026-01-01T00:00:2${shard}Z`, error: null });

test("of events only those are said aloud that concern the whole job or went wrong", () => {
  const job = /** @type {any} */ ({ created_at: "2026-01-01T00:00:00Z", owner: "ada", state: "running" });
  assert.equal(toldOf(happenings(job, [attempt(2, "running"), attempt(1, "succeeded")])), "Submitted by ada");
  const bad = happenings(job, [attempt(3, "running"), attempt(2, "lost"), attempt(1, "succeeded")]);
  assert.equal(bad[0]?.text, "Shard 3 was lost with its worker");
  assert.equal(toldOf(bad), bad[0]?.text);
  assert.equal(toldOf(happenings({ ...job, state: "succeeded", finished_at: "2026-01-01T00:01:00Z" }, [attempt(2, "lost")])), "The job has succeeded");
});

test("a sweep whose settings have all diverged does not say that nothing has ended", () => {
  assert.match(nothingIn(/** @type {any} */ ({ best: [{ selected_among: 3 }, { selected_among: 1 }] })), /4 settings have a result .* and diverged/);
  assert.match(nothingIn(/** @type {any} */ ({ best: [{ selected_among: 0 }] })), /No setting has a result/);
});
