import assert from "node:assert/strict";
import { test } from "node:test";
import { Follower, LONGEST_WAIT_MS, SILENCE_MS, UNWATCHED_MS } from "../ayla_web/live/follower.js";
import { MOST_WATCHED, Watchers } from "../ayla_web/live/watchers.js";

/** A clock that is moved by hand, and answers that the test gives. */
class Surroundings {
  time = 0;
  /** @type {{ at: number, run: () => void }[]} */
  timers = [];
  /** @type {{ url: string, headers: Record<string, string>, answer: (response: Response) => void, fail: () => void, signal: AbortSignal }[]} */
  requests = [];
  now = () => this.time;
  random = () => 0.5;
  /** @param {() => void} run @param {number} milliseconds */
  setTimeout = (run, milliseconds) => {
    const timer = { at: this.time + milliseconds, run };
    this.timers.push(timer);
    return timer;
  };
  /** @param {any} timer */
  clearTimeout = (timer) => {
    this.timers = this.timers.filter((one) => one !== timer);
  };
  /** @type {any} */
  fetch = (/** @type {string} */ url, /** @type {any} */ { headers, signal }) =>
    new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(new Error("aborted")));
      this.requests.push({ url, headers, signal, answer: resolve, fail: () => reject(new TypeError("no answer")) });
    });

  /** @param {number} milliseconds */
  async pass(milliseconds) {
    this.time += milliseconds;
    for (let due = this.due(); due; due = this.due()) {
      this.clearTimeout(due);
      due.run();
      await settled();
    }
    await settled();
  }

  due() {
    return this.timers.find((timer) => timer.at <= this.time);
  }
}

const settled = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

/** Until the connection that is ended has been followed by the next. @param {Surroundings} around */
async function turned(around) {
  await settled();
  await around.pass(0);
}

function followed() {
  const around = new Surroundings();
  /** @type {string[]} */
  const states = [];
  /** @type {any[]} */
  const events = [];
  const follower = new Follower({ onStatus: (status) => states.push(status.state), onEvent: (event) => events.push(event) }, around);
  void follower.start();
  return { around, states, events, follower };
}

/** @returns {{ response: Response, say: (text: string) => void, end: () => void }} */
function stream() {
  /** @type {ReadableStreamDefaultController<Uint8Array>} */
  let control;
  const body = new ReadableStream({ start: (controller) => void (control = controller) });
  return { response: new Response(body), say: (text) => control.enqueue(new TextEncoder().encode(text)), end: () => control.close() };
}

test("a stream that ends is taken up again after its last event", async () => {
  const { around, states, events } = followed();
  const first = stream();
  around.requests[0]?.answer(first.response);
  await settled();
  first.say('event: state\ndata: {"job_id":"a"}\nid: 7\n\n');
  await settled();
  first.end();
  await settled();
  assert.deepEqual(events, [{ event: "state", data: { job_id: "a" } }]);
  assert.deepEqual(states, ["connecting", "live", "waiting"]);
  await around.pass(LONGEST_WAIT_MS);
  assert.equal(around.requests[1]?.headers["Last-Event-ID"], "7");
  around.requests[1]?.answer(stream().response);
  await settled();
  assert.equal(states.at(-1), "live");
});

test("waits grow while nothing answers, and somebody who looks ends them", async () => {
  const { around, follower } = followed();
  /** @type {number[]} */
  const waits = [];
  for (let round = 0; round < 8; round += 1) {
    around.requests.at(-1)?.fail();
    await settled();
    waits.push((follower.status.retryAt ?? 0) - around.time);
    await around.pass(waits.at(-1) ?? 0);
  }
  assert.deepEqual(waits, [250, 500, 1000, 2000, 4000, 5000, 5000, 5000]);
  around.requests.at(-1)?.fail();
  await settled();
  const before = around.requests.length;
  follower.wake();
  await settled();
  assert.equal(around.requests.length, before + 1);
});

test("silence is a lost connection, as after a sleep of the machine", async () => {
  const { around, states } = followed();
  const open = stream();
  around.requests[0]?.answer(open.response);
  await settled();
  await around.pass(SILENCE_MS / 2);
  open.say(": ping\n\n");
  await settled();
  await around.pass(SILENCE_MS / 2);
  assert.equal(states.at(-1), "live");
  await around.pass(2 * SILENCE_MS);
  assert.equal(states.at(-1), "waiting");
});

test("without a key nothing is tried until somebody signs in", async () => {
  const { around, states, follower } = followed();
  around.requests[0]?.answer(new Response('{"detail":"no"}', { status: 401 }));
  await settled();
  await around.pass(60 * 60 * 1000);
  assert.equal(around.requests.length, 1);
  assert.equal(states.at(-1), "signed-out");
  follower.restart();
  await settled();
  assert.equal(around.requests.length, 2);
});

test("a key that is revoked in mid-stream signs out", async () => {
  const { around, states, events } = followed();
  const open = stream();
  around.requests[0]?.answer(open.response);
  await settled();
  open.say('event: end\ndata: {"reason":"access-ended"}\n\n');
  await settled();
  open.end();
  await settled();
  assert.equal(states.at(-1), "signed-out");
  assert.deepEqual(events, []);
});

test("a service that has too many streams says when to come back", async () => {
  const { around, follower } = followed();
  around.requests[0]?.answer(new Response('{"detail":"too many"}', { status: 503, headers: { "Retry-After": "30" } }));
  await settled();
  assert.equal((follower.status.retryAt ?? 0) - around.time, 30_000);
  assert.equal(follower.status.detail, "too many");
});

test("jobs that somebody looks at are watched over the stream that goes on, unseen", async () => {
  const { around, states, follower } = followed();
  const open = stream();
  around.requests[0]?.answer(open.response);
  await settled();
  open.say('event: progress\ndata: {"job_id":"a"}\nid: 7\n\n');
  await settled();
  follower.watchJobs(["b", "a/"]);
  await turned(around);
  assert.deepEqual(around.requests.map(({ url }) => url), ["/v1/events", "/v1/events?watch=b&watch=a%2F"]);
  assert.ok(around.requests[0]?.signal.aborted);
  assert.equal(around.requests[1]?.headers["Last-Event-ID"], "7");
  around.requests[1]?.answer(stream().response);
  await settled();
  assert.deepEqual(new Set(states), new Set(["connecting", "live"]));
  follower.watchJobs(["a/", "b"]);
  await around.pass(UNWATCHED_MS);
  assert.equal(around.requests.length, 2);
});

test("jobs that nobody looks at any more are watched for a while", async () => {
  const { around, follower } = followed();
  follower.watchJobs(["a"]);
  await turned(around);
  const open = stream();
  around.requests.at(-1)?.answer(open.response);
  await settled();
  const before = around.requests.length;
  follower.watchJobs([]);
  await around.pass(UNWATCHED_MS - 1);
  follower.watchJobs(["a"]);
  await turned(around);
  assert.equal(around.requests.length, before);
  open.say(": ping\n\n");
  await settled();
  follower.watchJobs([]);
  await around.pass(UNWATCHED_MS);
  await turned(around);
  assert.deepEqual(around.requests.map(({ url }) => url).slice(before - 1), ["/v1/events?watch=a", "/v1/events"]);
});

test("while the connection is lost nothing more is asked for, and then all that is looked at", async () => {
  const { around, states, follower } = followed();
  around.requests[0]?.fail();
  await settled();
  follower.watchJobs(["a"]);
  await settled();
  assert.equal(around.requests.length, 1);
  await around.pass(LONGEST_WAIT_MS);
  assert.equal(around.requests[1]?.url, "/v1/events?watch=a");
  assert.deepEqual(states, ["connecting", "waiting"]);
});

test("of more jobs than a stream can watch those are that tabs looked at last", () => {
  const watchers = new Watchers();
  for (let tab = 0; tab < MOST_WATCHED; tab += 1) watchers.set(tab, [`job ${tab + 10}`]);
  watchers.set(0, ["job 10", "job 40"]);
  assert.deepEqual([watchers.ids.length, watchers.ids.includes("job 11"), watchers.ids.includes("job 40")], [MOST_WATCHED, false, true]);
  for (let tab = 0; tab < MOST_WATCHED - 1; tab += 1) watchers.delete(tab);
  assert.deepEqual(watchers.ids, ["job 29"]);
});
