/**
 * The one stream of a browser as a tab sees it: by a shared worker; without one by the tab that holds a lock, which tells
 * the others; without locks (plain http from another machine) each tab follows by itself.
 */

import { Follower } from "./follower.js";
import { Watchers } from "./watchers.js";

/** @typedef {import("./follower.js").Status} Status @typedef {import("./follower.js").LiveEvent} LiveEvent */
/** @typedef {{ kind: "status", status: Status } | { kind: "event", event: LiveEvent }} Told */
/** watch: tell which jobs this tab looks at; it begins with that. @typedef {{ wake: () => void, restart: () => void, watch: (ids: readonly string[]) => void, how: string }} Channel */

/** @param {(told: Told) => void} onTold @returns {Channel} */
export function openChannel(onTold) {
  if (typeof SharedWorker === "function") {
    try {
      return byWorker(onTold);
    } catch {
      // A browser that has them and refuses them here.
    }
  }
  return "locks" in navigator && typeof BroadcastChannel === "function" ? byLock(onTold) : alone(onTold);
}

/** @param {(told: Told) => void} onTold @returns {Channel} */
function byWorker(onTold) {
  const worker = new SharedWorker(new URL("./worker.js", import.meta.url), { type: "module", name: "ayla-stream" });
  /** @type {Channel | null} */
  let instead = null;
  /** @type {readonly string[]} */
  let watched = [];
  worker.addEventListener("error", () => {
    instead ??= byLock(onTold);
    instead.watch(watched);
  });
  worker.port.addEventListener("message", (message) => onTold(message.data));
  worker.port.start();
  addEventListener("pagehide", (event) => event.persisted || worker.port.postMessage({ kind: "bye" }));
  /** @param {"wake" | "restart"} kind */
  const ask = (kind) => (instead ? instead[kind]() : worker.port.postMessage({ kind }));
  /** @param {readonly string[]} ids */
  const watch = (ids) => {
    watched = ids;
    if (instead) instead.watch(ids);
    else worker.port.postMessage({ kind: "watch", ids });
  };
  return { wake: () => ask("wake"), restart: () => ask("restart"), watch, how: "worker" };
}

/** @param {(told: Told) => void} onTold @returns {Channel} */
function byLock(onTold) {
  const name = `ayla-stream ${new URL(".", import.meta.url).pathname}`;
  const others = new BroadcastChannel(name);
  const mine = `${Date.now()} ${Math.random()}`; // tells tabs apart; crypto.randomUUID needs https
  const watchers = new Watchers();
  /** @type {Follower | null} of the tab that holds the lock */
  let follower = null;
  /** @param {Told} told */
  const tell = (told) => {
    others.postMessage(told);
    onTold(told);
  };
  /** @param {string} tab @param {readonly string[] | null} ids null: it is closed */
  const note = (tab, ids) => {
    if (ids) watchers.set(tab, ids);
    else watchers.delete(tab);
    follower?.watchJobs(watchers.ids);
  };
  others.addEventListener("message", ({ data }) => {
    if (data.kind === "status" || data.kind === "event") return follower || onTold(data);
    if (data.kind === "hello" && follower) others.postMessage({ kind: "status", status: follower.status });
    if (data.kind === "watch") note(data.tab, data.ids);
    if (data.kind === "wake" || data.kind === "restart") follower?.[/** @type {"wake" | "restart"} */ (data.kind)]();
    return undefined;
  });
  others.postMessage({ kind: "hello" });
  addEventListener("pagehide", (event) => event.persisted || others.postMessage({ kind: "watch", tab: mine, ids: null }));
  void navigator.locks.request(name, () => {
    follower = new Follower({
      onStatus: (status) => tell({ kind: "status", status }),
      onEvent: (event) => tell({ kind: "event", event }),
    });
    follower.watchJobs(watchers.ids);
    return follower.start();
  });
  /** @param {"wake" | "restart"} kind */
  const ask = (kind) => (follower ? follower[kind]() : others.postMessage({ kind }));
  /** @param {readonly string[]} ids */
  const watch = (ids) => {
    note(mine, ids);
    others.postMessage({ kind: "watch", tab: mine, ids });
  };
  return { wake: () => ask("wake"), restart: () => ask("restart"), watch, how: "lock" };
}

/** @param {(told: Told) => void} onTold @returns {Channel} */
function alone(onTold) {
  const follower = new Follower({
    onStatus: (status) => onTold({ kind: "status", status }),
    onEvent: (event) => onTold({ kind: "event", event }),
  });
  /** @param {readonly string[]} ids */
  const watch = (ids) => {
    follower.watchJobs(ids);
    void follower.start();
  };
  return { wake: () => follower.wake(), restart: () => follower.restart(), watch, how: "alone" };
}
