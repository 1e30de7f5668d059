/** Shared worker: the one connection of all tabs of a browser, which may have no more than six to a host. */

import { Follower } from "./follower.js";
import { Watchers } from "./watchers.js";

/** @type {Set<MessagePort>} */
const tabs = new Set();
const watchers = new Watchers();

/** @param {unknown} message */
const tellAll = (message) => {
  for (const tab of tabs) tab.postMessage(message);
};

const follower = new Follower({
  onStatus: (status) => tellAll({ kind: "status", status }),
  onEvent: (event) => tellAll({ kind: "event", event }),
});

/** @param {MessagePort} tab @param {{ kind: string, ids?: readonly string[] }} message */
function hear(tab, message) {
  if (message.kind === "wake") follower.wake();
  else if (message.kind === "restart") follower.restart();
  else if (message.kind === "bye") leave(tab);
  else if (message.kind === "watch") {
    watchers.set(tab, message.ids ?? []);
    follower.watchJobs(watchers.ids);
    void follower.start();
  }
}

/** @param {MessagePort} tab */
function leave(tab) {
  tabs.delete(tab);
  watchers.delete(tab);
  tab.close();
  if (tabs.size) follower.watchJobs(watchers.ids);
  else follower.stop();
}

addEventListener("connect", (event) => {
  const tab = /** @type {MessageEvent} */ (event).ports[0];
  if (!tab) return;
  tabs.add(tab);
  tab.addEventListener("message", (message) => hear(tab, message.data));
  tab.addEventListener("close", () => leave(tab)); // of a tab that has crashed, where the browser tells
  tab.start();
  tab.postMessage({ kind: "status", status: follower.status });
});
