/** Follower of the service's events: one connection, taken up again after the last event when it breaks. */

import { EventParser } from "./sse.js";

/**
 * How the connection is.
 *
 * - ``connecting``: asked for, no answer yet. ``live``: events come.
 * - ``waiting``: lost; tried again at ``retryAt``. ``signed-out``, ``refused``: not tried again by itself.
 *
 * @typedef {{ state: "connecting" | "live" | "waiting" | "signed-out" | "refused", since: number, retryAt: number | null,
 *   detail: string }} Status
 */

/** @typedef {{ event: string, data: any }} LiveEvent */

/**
 * What the follower needs of its surroundings; tests give their own.
 *
 * @typedef {{ fetch: typeof fetch, now: () => number, setTimeout: (run: () => void, milliseconds: number) => unknown,
 *   clearTimeout: (timer: any) => void, random: () => number }} Surroundings
 */

/** Silence after which a connection counts as lost; the service says something every 15 s. */
export const SILENCE_MS = 45_000;

/** Longest time between two attempts. */
export const LONGEST_WAIT_MS = 5_000;

const SHORTEST_WAIT_MS = 250;

/**
 * Time for which jobs are watched that no tab looks at any more: tabs come back, and a stream that is asked for anew
 * begins with the changes of the last 20 s.
 */
export const UNWATCHED_MS = 30_000;

export class Follower {
  /**
   * @param {{ onStatus: (status: Status) => void, onEvent: (event: LiveEvent) => void, url?: string }} options
   * @param {Surroundings} [around]
   */
  constructor({ onStatus, onEvent, url = "/v1/events" }, around = browser()) {
    this.onStatus = onStatus;
    this.onEvent = onEvent;
    this.url = url;
    this.around = around;
    /** @type {Status} */
    this.status = { state: "connecting", since: around.now(), retryAt: null, detail: "" };
    this.lastId = "";
    /** Jobs of which the service tells more than their state and progress. @type {readonly string[]} */
    this.watched = [];
    /** What the connection that is open was asked to watch. @type {readonly string[]} */
    this.asked = [];
    /** Whether the connection is ended to ask for another, which nobody needs to know. */
    this.isTurning = false;
    /** @type {unknown} */
    this.unwatching = undefined;
    this.failures = 0;
    this.firstWait = SHORTEST_WAIT_MS;
    this.heardAt = 0;
    this.running = false;
    /** @type {AbortController | null} */
    this.attempt = null;
    /** Ends the pause before the next attempt. @type {(() => void) | null} */
    this.hurry = null;
  }

  /** Follow until ``stop``. */
  async start() {
    if (this.running) return;
    this.running = true;
    while (this.running) {
      const next = await this.once();
      if (this.running) await this.pause(next);
    }
  }

  stop() {
    this.running = false;
    this.around.clearTimeout(this.unwatching);
    this.attempt?.abort();
    this.hurry?.();
  }

  /** Somebody looks: try now, if the connection is lost or has been silent for too long, as after a sleep. */
  wake() {
    if (this.hurry) this.hurry();
    else if (this.status.state === "live" && this.around.now() - this.heardAt > SILENCE_MS / 2) this.attempt?.abort();
  }

  /** Watch these jobs; the stream goes on after its last event. @param {readonly string[]} ids */
  watchJobs(ids) {
    this.watched = ids;
    this.around.clearTimeout(this.unwatching);
    if (!ids.every((id) => this.asked.includes(id))) this.turn();
    else if (ids.length < this.asked.length) this.unwatching = this.around.setTimeout(() => this.turn(), UNWATCHED_MS);
  }

  /** Ask anew, if there is a connection. */
  turn() {
    this.isTurning = this.attempt !== null;
    this.attempt?.abort();
  }

  /** Begin anew, as somebody else: after signing in or out. */
  restart() {
    this.lastId = "";
    this.failures = 0;
    this.attempt?.abort();
    this.hurry?.();
  }

  /** One connection, to its end. @returns {Promise<number | null>} milliseconds until the next; null: until woken */
  async once() {
    const attempt = new AbortController();
    this.attempt = attempt;
    this.asked = this.watched;
    if (this.status.state !== "waiting" && !(this.isTurning && this.status.state === "live")) this.tell("connecting");
    this.isTurning = false;
    try {
      const answer = await this.around.fetch(this.address, {
        headers: { Accept: "text/event-stream", ...(this.lastId ? { "Last-Event-ID": this.lastId } : {}) },
        credentials: "same-origin",
        cache: "no-store",
        signal: attempt.signal,
      });
      if (!answer.ok || !answer.body) return await this.refusal(answer);
      return await this.read(answer.body, attempt);
    } catch {
      return this.isTurning ? 0 : this.lost("The service does not answer.");
    } finally {
      attempt.abort();
      if (this.attempt === attempt) this.attempt = null;
    }
  }

  get address() {
    return this.asked.length ? `${this.url}?${this.asked.map((id) => `watch=${encodeURIComponent(id)}`).join("&")}` : this.url;
  }

  /** @param {Response} answer */
  async refusal(answer) {
    const about = await answer.json().catch(() => ({}));
    const detail = String(about.detail ?? about.title ?? "");
    if (answer.status === 401) return this.tell("signed-out", detail), null;
    if (answer.status === 403) return this.tell("refused", detail), null;
    const after = Number.parseFloat(answer.headers.get("Retry-After") ?? "");
    return this.lost(detail || "The service refuses the stream.", Number.isFinite(after) ? after * 1000 : 0);
  }

  /** @param {ReadableStream<Uint8Array>} body @param {AbortController} attempt */
  async read(body, attempt) {
    let ended = false;
    const parser = new EventParser(
      (message) => {
        this.lastId = message.id || this.lastId;
        const data = JSON.parse(message.data);
        if (message.event === "end" && data.reason === "access-ended") ended = true;
        else this.onEvent({ event: message.event, data });
      },
      (milliseconds) => (this.firstWait = Math.min(Math.max(milliseconds, SHORTEST_WAIT_MS), LONGEST_WAIT_MS)),
    );
    this.heardAt = this.around.now();
    this.failures = 0;
    this.tell("live");
    const watch = this.watch(attempt);
    try {
      const decoder = new TextDecoder();
      const reader = body.getReader();
      attempt.signal.addEventListener("abort", () => void reader.cancel().catch(() => {}));
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
        this.heardAt = this.around.now();
        parser.feed(decoder.decode(piece.value, { stream: true }));
      }
    } finally {
      watch();
    }
    if (ended) return this.tell("signed-out", "The key is no longer valid."), null;
    return this.isTurning ? 0 : this.lost("The connection has ended.");
  }

  /** Give up a connection that is silent for too long. @param {AbortController} attempt @returns {() => void} to end it */
  watch(attempt) {
    /** @type {unknown} */
    let timer;
    const look = () => {
      if (this.around.now() - this.heardAt > SILENCE_MS) attempt.abort();
      else timer = this.around.setTimeout(look, SILENCE_MS / 9);
    };
    timer = this.around.setTimeout(look, SILENCE_MS / 9);
    return () => this.around.clearTimeout(timer);
  }

  /** @param {string} detail @param {number} [atLeast] milliseconds that the service asks for */
  lost(detail, atLeast = 0) {
    const wait = Math.min(this.firstWait * 2 ** this.failures, LONGEST_WAIT_MS) * (0.8 + 0.4 * this.around.random());
    this.failures = Math.min(this.failures + 1, 10);
    const milliseconds = Math.max(wait, atLeast);
    this.tell("waiting", detail, this.around.now() + milliseconds);
    return milliseconds;
  }

  /** @param {number | null} milliseconds */
  async pause(milliseconds) {
    /** @type {unknown} */
    let timer;
    await new Promise((/** @type {(value?: unknown) => void} */ resolve) => {
      this.hurry = resolve;
      if (milliseconds !== null) timer = this.around.setTimeout(resolve, milliseconds);
    });
    this.hurry = null;
    this.around.clearTimeout(timer);
  }

  /** @param {Status["state"]} state @param {string} [detail] @param {number | null} [retryAt] */
  tell(state, detail = "", retryAt = null) {
    const since = state === this.status.state ? this.status.since : this.around.now();
    this.status = { state, since, retryAt, detail };
    this.onStatus(this.status);
  }
}

/** @returns {Surroundings} */
function browser() {
  return {
    fetch: (...given) => fetch(...given),
    now: () => Date.now(),
    setTimeout: (run, milliseconds) => setTimeout(run, milliseconds),
    clearTimeout: (timer) => clearTimeout(timer),
    random: () => Math.random(),
  };
}
