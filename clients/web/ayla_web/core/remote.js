/** What a view reads from the API: kept while it is read again, and read again when events may have changed it. */

import { useCallback, useEffect, useRef, useState } from "./ui.js";
import { ApiProblem } from "./api.js";
import { missed, useLiveEvents } from "../live/connection.js";

/** Shortest time from one reading to the next, so that a stream of events is no stream of requests. */
const LEAST_MS = 300;

/** Time until what has failed for a passing reason is tried again. */
const RETRY_MS = 3_000;

/**
 * @template T
 * @typedef {{ data: T | undefined, problem: ApiProblem | null, isLoading: boolean, isStale: boolean, reload: () => void,
 *   put: (change: (data: T) => T) => void }} Remote
 *   data: what was read last, of this key or (isStale) of the one before; problem: of the last reading, null if it went
 *   well; put: change what is shown until it is read again
 */

/**
 * Read something, and keep it up to date while the component is shown.
 *
 * @template T
 * @param {string | null} key names what is read; another key reads anew. null: read nothing
 * @param {(signal: AbortSignal) => Promise<T>} load
 * @param {{ refreshOn?: (event: import("../live/connection.js").LiveEvent) => boolean, leastMs?: number }} [options]
 *   refreshOn: whether an event may have changed it; leastMs: shortest time between two readings
 * @returns {Remote<T>}
 */
export function useRemote(key, load, { refreshOn = () => false, leastMs = LEAST_MS } = {}) {
  const [shown, show] = useState(() => ({ key, data: /** @type {T | undefined} */ (undefined), problem: /** @type {ApiProblem | null} */ (null), isLoading: key !== null }));
  const reader = useRef(/** @type {Reader<T> | null} */ (null));
  const newestLoad = useRef(load);
  newestLoad.current = load;

  useEffect(() => {
    if (key === null) return undefined;
    show((before) => ({ ...before, isLoading: true, problem: null }));
    const mine = new Reader(
      (signal) => newestLoad.current(signal),
      (data) => show({ key, data, problem: null, isLoading: false }),
      (problem) => show((before) => ({ ...before, problem, isLoading: false })),
      leastMs,
    );
    reader.current = mine;
    mine.read();
    const before = missed.peek();
    const stop = missed.subscribe((count) => count === before || mine.read());
    return () => {
      stop();
      mine.end();
    };
  }, [key, leastMs]);
  useLiveEvents((event) => refreshOn(event) && reader.current?.read());

  const reload = useCallback(() => reader.current?.read(), []);
  const put = useCallback((/** @type {(data: T) => T} */ change) => {
    show((before) => (before.data === undefined ? before : { ...before, data: change(before.data) }));
  }, []);
  const { data, problem, isLoading } = shown;
  return { data, problem, isLoading, isStale: data !== undefined && (shown.key !== key || problem !== null), reload, put };
}

/** What a reader asks of the page. @typedef {Pick<Document, "hidden" | "addEventListener" | "removeEventListener">} Tab */

/**
 * Reads one thing at a time; what is asked for meanwhile is read once more afterwards. In a tab that nobody sees it reads
 * once, and again when the tab is seen.
 *
 * @template T
 */
export class Reader {
  /**
   * @param {(signal: AbortSignal) => Promise<T>} load
   * @param {(data: T) => void} onData
   * @param {(problem: ApiProblem) => void} onProblem
   * @param {number} leastMs
   * @param {Tab} [tab]
   */
  constructor(load, onData, onProblem, leastMs, tab = document) {
    this.load = load;
    this.onData = onData;
    this.onProblem = onProblem;
    this.leastMs = leastMs;
    this.tab = tab;
    this.abort = new AbortController();
    this.isReading = false;
    this.isWanted = false;
    this.readAt = -Infinity;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.onSeen = () => this.isWanted && this.read();
    tab.addEventListener("visibilitychange", this.onSeen);
  }

  read() {
    this.isWanted = this.isReading || this.isUnseen();
    if (this.isWanted) return;
    const wait = this.readAt + this.leastMs - performance.now();
    clearTimeout(this.timer);
    if (wait > 0) this.timer = setTimeout(() => this.read(), wait);
    else void this.now();
  }

  /** Whether it has read, and nobody sees what it would read now. */
  isUnseen() {
    return this.tab.hidden && this.readAt > -Infinity;
  }

  async now() {
    this.isReading = true;
    this.readAt = performance.now();
    let retry = false;
    try {
      const data = await this.load(this.abort.signal);
      if (!this.abort.signal.aborted) this.onData(data);
    } catch (error) {
      if (this.abort.signal.aborted) return;
      const problem = error instanceof ApiProblem ? error : new ApiProblem(0, { title: "Error of this page", detail: String(error) });
      if (!(error instanceof ApiProblem)) console.error(error);
      this.onProblem(problem);
      retry = problem.isPassing && error instanceof ApiProblem;
    } finally {
      this.isReading = false;
    }
    if (this.abort.signal.aborted) return;
    if (this.isWanted) this.read();
    else if (retry) this.timer = setTimeout(() => this.read(), RETRY_MS);
  }

  end() {
    this.tab.removeEventListener("visibilitychange", this.onSeen);
    clearTimeout(this.timer);
    this.abort.abort();
  }
}
