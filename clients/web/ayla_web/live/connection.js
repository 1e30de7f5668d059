/** The stream of this browser, as views use it: how it is, what it tells, and when everything has to be read again. */

import { signal, useEffect, useRef } from "../core/ui.js";
import { openChannel } from "./channel.js";

/** @typedef {import("./follower.js").Status} Status @typedef {import("./follower.js").LiveEvent} LiveEvent */

/** How the connection is. */
export const status = signal(/** @type {Status} */ ({ state: "connecting", since: Date.now(), retryAt: null, detail: "" }));

/** Grows when events may have been missed: what a view shows is then read again. */
export const missed = signal(0);

/** @type {Set<(event: LiveEvent) => void>} */
const listeners = new Set();

/** Jobs that this tab looks at, one for each component that does. @type {Map<object, string>} */
const watched = new Map();

/** @type {import("./channel.js").Channel | null} */
let channel = null;
let wasLost = false;

/** Tells this browser's other tabs what none of their streams does. @type {BroadcastChannel | null} */
let others = null;

/** Grows when somebody else begins to use the page: what one team has read is not for the next. */
export const begun = signal(0);

/** Connect, once the page is there. */
export function connect() {
  if (channel) return;
  channel = openChannel((told) => (told.kind === "status" ? heardStatus(told.status) : heardEvent(told.event)));
  document.documentElement.dataset["stream"] = channel.how;
  tellWatched();
  others = typeof BroadcastChannel === "function" ? new BroadcastChannel("ayla-jobs") : null;
  others?.addEventListener("message", ({ data }) => heardEvent(data));
  for (const name of ["online", "focus", "pageshow"]) addEventListener(name, () => channel?.wake());
  document.addEventListener("visibilitychange", () => document.hidden || channel?.wake());
}

const tellWatched = () => channel?.watch([...new Set(watched.values())]);

/** Try now rather than later. */
export const wake = () => channel?.wake();

/** Begin anew, after somebody has signed in or out. */
export function restart() {
  begun.value += 1;
  channel?.restart();
}

/** @param {Status} next */
function heardStatus(next) {
  const isBack = next.state === "live" && wasLost;
  // Another tab that takes the stream over begins anew, without what came meanwhile.
  if (next.state !== "live" && (next.state !== "connecting" || status.peek().state === "live")) wasLost = true;
  status.value = next;
  if (isBack) {
    wasLost = false;
    missed.value += 1;
  }
}

/** @param {LiveEvent} event */
function heardEvent(event) {
  if (event.event === "gap") missed.value += 1;
  for (const listener of listeners) listener(event);
}

/** Have all tabs of this browser hear an event that the team's stream does not have. @param {LiveEvent} event */
export function announce(event) {
  others?.postMessage(event);
  heardEvent(event);
}

/** Hear each event from now on, as what outlives a view does. @param {(event: LiveEvent) => void} listener */
export const hear = (listener) => void listeners.add(listener);

/**
 * Hear each event of the team's stream while a component is shown.
 *
 * @param {(event: LiveEvent) => void} listener
 */
export function useLiveEvents(listener) {
  const newest = useRef(listener);
  newest.current = listener;
  useEffect(() => {
    /** @param {LiveEvent} event */
    const hear = (event) => newest.current(event);
    listeners.add(hear);
    return () => void listeners.delete(hear);
  }, []);
}

/**
 * Hear of a job also what its own stream has, while a component is shown: its attempts and the newest row of each trial.
 *
 * @param {string | null} jobId null: of none
 */
export function useWatched(jobId) {
  useEffect(() => {
    if (jobId === null) return undefined;
    const mine = {};
    watched.set(mine, jobId);
    tellWatched();
    return () => {
      watched.delete(mine);
      tellWatched();
    };
  }, [jobId]);
}

/** The job that an event is about, or null. @param {LiveEvent} event @returns {string | null} */
export const jobOf = (event) => event.data?.job_id ?? null;
