/**
 * The one stream of a browser as a tab sees it: by a shared worker; without one by the tab that holds a lock, which tells
 * the others; without locks (plain http from another machine) each tab follows by itself.
 */

import { Follower } from "./follower.js";

/** @typedef {import("./follower.js").Status} Status @typedef {import("./follower.js").LiveEvent} LiveEvent */
/** @typedef {{ kind: "status", status: Status } | { kind: "event", event: LiveEvent }} Told */
/** @typedef {{ wake: () => void, restart: () => void, how: string }} Channel */

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
  worker.addEventListener("error", () => (instead ??= byLock(onTold)));
  worker.port.addEventListener("message", (message) => onTold(message.data));
  worker.port.start();
  addEventListener("pagehide", (event) => event.persisted || worker.port.postMessage({ kind: "bye" }));
  /** @param {"wake" | "restart"} kind */
  const ask = (kind) => (instead ? instead[kind]() : worker.port.postMessage({ kind }));
  return { wake: () => ask("wake"), restart: () => ask("restart"), how: "worker" };
}

/** @param {(told: Told) => void} onTold @returns {Channel} */
function byLock(onTold) {
  const name = `ayla-stream ${new URL(".", import.meta.url).pathname}`;
  const others = new BroadcastChannel(name);
  /** @type {Follower | null} of the tab that holds the lock */
  let follower = null;
  /** @param {Told} told */
  const tell = (told) => {
    others.postMessage(told);
    onTold(told);
  };
  others.addEventListener("message", ({ data }) => {
    if (data.kind === "status" || data.kind === "event") return follower || onTold(data);
    if (data.kind === "hello" && follower) others.postMessage({ kind: "status", status: follower.status });
    if (data.kind === "wake" || data.kind === "restart") follower?.[/** @type {"wake" | "restart"} */ (data.kind)]();
    return undefined;
  });
  others.postMessage({ kind: "hello" });
  void navigator.locks.request(name, () => {
    follower = new Follower({
      onStatus: (status) => tell({ kind: "status", status }),
      onEvent: (event) => tell({ kind: "event", event }),
    });
    return follower.start();
  });
  /** @param {"wake" | "restart"} kind */
  const ask = (kind) => (follower ? follower[kind]() : others.postMessage({ kind }));
  return { wake: () => ask("wake"), restart: () => ask("restart"), how: "lock" };
}

/** @param {(told: Told) => void} onTold @returns {Channel} */
function alone(onTold) {
  const follower = new Follower({
    onStatus: (status) => onTold({ kind: "status", status }),
    onEvent: (event) => onTold({ kind: "event", event }),
  });
  void follower.start();
  return { wake: () => follower.wake(), restart: () => follower.restart(), how: "alone" };
}
