import assert from "node:assert/strict";
import { test } from "node:test";
import { clockRange, counted, duration, finishOf, nameOf, number, percent, relative, short, startOf } from "../ayla_web/core/format.js";
import { LOOKS } from "../ayla_web/charts/palette.js";
import { lookOf } from "../ayla_web/charts/looks.js";
import { allChanged, changed, deletionOf, shareOf } from "../ayla_web/live/changes.js";
import { followed, withFirstPage } from "../ayla_web/live/job-list.js";
import { sparkPath } from "../ayla_web/charts/sparkline.js";

test("numbers have all their digits, so that columns align", () => {
  assert.deepEqual([0, 1, 2.5, 123.456789, -0.00123456, 1.5e-9, 1234567, 2.5e20].map((value) => number(value)), ["0", "1.0000", "2.5000", "123.46", "−0.0012346", "1.500e−9", "1.235e6", "2.500e20"]);
  assert.deepEqual([null, undefined, NaN, Infinity, -Infinity].map((value) => number(value)), ["–", "–", "–", "∞", "−∞"]);
  assert.deepEqual([0.001, 100000, 0.5, -3, 12.3456].map((value) => short(value)), ["0.001", "1e5", "0.5", "−3", "12.3"]);
});

test("durations and times are said as people say them", () => {
  assert.deepEqual([0.24, 3, 75, 700, 3700, 100_000, 1e7, null].map((value) => duration(value)), ["0.2 s", "3 s", "1 min 15 s", "11 min", "1 h 01 min", "1 d 3 h", "115 d", "–"]);
  assert.equal(relative(0, 90_000), "1 min ago");
  assert.equal(relative(90_000, 0), "in 1 min");
  assert.equal(percent(0.9999), "99 %");
  assert.equal(counted(1, "job"), "1 job");
  assert.equal(clockRange(null, null), "–");
  const [noon, one] = ["2026-01-02T12:00:00", "2026-01-02T13:00:00"];
  const estimates = { estimated_start: noon, earliest_start: null, latest_start: null, estimated_finish: noon, earliest_finish: noon, latest_finish: one };
  assert.equal(startOf(estimates, Date.parse(noon)), "12:00");
  assert.equal(finishOf(estimates, Date.parse(noon)), "12:00–13:00");
  assert.equal(nameOf({ id: "abcdefgh-1", name: null, preset: null }), "job abcdefgh");
});

test("each place has a look of its own, black is white on a dark ground", () => {
  assert.equal(new Set(LOOKS.map((look) => JSON.stringify(look))).size, LOOKS.length);
  assert.equal(lookOf(0, "dark").colour, LOOKS[0]?.colour);
  assert.equal(lookOf(6, "light").colour, "#000000");
  assert.equal(lookOf(6, "dark").colour, "#FFFFFF");
  assert.deepEqual(lookOf(LOOKS.length, "light"), LOOKS[0]);
});

/** @param {string} id @param {string} created @returns {any} */
const job = (id, created = id) => ({ id, created_at: created, updated_at: created, state: "running", progress: { fraction: 0 } });

test("events change the jobs that they are about, and no other object", () => {
  const jobs = [job("a"), job("b")];
  const progress = { event: "progress", data: { job_id: "b", fraction: 0.5, steps_done: 5, steps_total: 10, trials: {}, steps_per_second: 3, eta_seconds: 2 } };
  const after = allChanged(jobs, progress);
  assert.equal(after[0], jobs[0]);
  assert.equal(after[1]?.progress.fraction, 0.5);
  assert.equal(after[1]?.eta_seconds, 2);
  assert.equal(allChanged(jobs, { event: "progress", data: { job_id: "z" } }), jobs);
  assert.equal(changed(jobs[0], { event: "state", data: { job_id: "a", job: { id: "a", state: "succeeded" } } }).state, "succeeded");
  assert.equal(allChanged(jobs, { event: "gap", data: { reason: "slow-client" } }), jobs);
});

test("a list loses what is deleted, and what does not meet its conditions any more", () => {
  const jobs = ["a", "b", "c"].map((id) => ({ ...job(id), archived_at: null, project: "reef", tags: ["x"] }));
  /** @param {object} filter @param {import("../ayla_web/live/follower.js").LiveEvent} event */
  const left = (filter, event) => followed({ key: "", filter: /** @type {any} */ (filter), jobs, cursor: null }, event).jobs.map((one) => one.id).join("");
  /** @param {object} change */
  const changes = (change) => ({ event: "state", data: { job_id: "b", job: { ...jobs[1], ...change } } });
  assert.equal(left({}, deletionOf("b")), "ac");
  assert.equal(left({}, deletionOf("z")), "abc");
  assert.equal(left({}, changes({ archived_at: "2026-01-02T12:00:00Z" })), "ac");
  assert.equal(left({ archived: "also" }, changes({ archived_at: "2026-01-02T12:00:00Z" })), "abc");
  assert.equal(left({ state: "running", tag: "x", project: "reef" }, changes({ state: "running" })), "abc");
  assert.equal(left({ state: "running" }, changes({ state: "succeeded" })), "ac");
  assert.equal(left({ tag: "x" }, changes({ tags: [] })), "ac");
  assert.equal(left({ project: "reef" }, changes({ project: null })), "ac");
});

test("a first page that is read again keeps what was scrolled to, and loses what is gone", () => {
  const before = ["9", "8", "7", "6", "5", "4"].map((id) => job(id));
  const page = ["10", "9", "7", "6"].map((id) => job(id, id.padStart(2, "0")));
  const after = withFirstPage(page, before.map((one) => job(one.id, one.id.padStart(2, "0"))), "created_at", true);
  assert.deepEqual(after.map((one) => one.id), ["10", "9", "7", "6", "5", "4"]);
  assert.deepEqual(withFirstPage([], before, "created_at", true), []);
});

test("a sparkline is broken where a value is none, and logarithmic over decades", () => {
  assert.equal(sparkPath([1]), "");
  assert.equal(sparkPath([0, null, 1, 2]), "M0 22.5M66.67 12L100 1.5");
  assert.equal(sparkPath([1, 10, 1000]), "M0 22.5L50 15.5L100 1.5");
  assert.equal(sparkPath([2, 2]), "M0 12L100 12");
});

test("what diverges does not make flat lines of what does not", async () => {
  const { valueRange, spansDecades } = await import("../ayla_web/charts/series.js");
  const look = lookOf(0, "light");
  const calm = { key: "0", label: "a", look, x: [0, 1], median: [1, 3], low: [], high: [], ends: [] };
  const wild = { ...calm, key: "1", median: [1, 1e200], ends: [{ x: 1, value: 1e200 }] };
  assert.deepEqual(valueRange([calm, wild], false), [0.92, 3.08]);
  assert.ok(valueRange([wild], true)[1] > 1e200);
  assert.deepEqual(valueRange([], false), [0, 1]);
  assert.ok(spansDecades([wild]));
  assert.ok(!spansDecades([calm]));
});

test("a part of the axis is made narrower and wider around a place, and all is no part", async () => {
  const { widened, hasFinite } = await import("../ayla_web/charts/series.js");
  assert.deepEqual(widened([0, 100], 20, 0.5, [0, 100], false), [10, 60]);
  assert.deepEqual(widened([10, 60], 20, 2, [0, 100], false), null);
  assert.deepEqual(widened([40, 60], 50, 2, [0, 100], false), [30, 70]);
  const [low, high] = widened([1, 10_000], 100, 0.5, [1, 10_000], true) ?? [0, 0];
  assert.ok(Math.abs(low - 10) < 1e-9 && Math.abs(high - 1000) < 1e-6);
  assert.equal(hasFinite(/** @type {any} */ ({ median: [null, null] })), false);
});

test("of several jobs the share of their steps is told", () => {
  const at = (/** @type {number} */ done, /** @type {number} */ total) => /** @type {any} */ ({ progress: { fraction: done / total, steps_done: done, steps_total: total } });
  assert.equal(shareOf([at(1, 4)]), 0.25);
  assert.equal(shareOf([at(100, 100), at(0, 300)]), 0.25);
  assert.equal(shareOf([]), 0);
});
