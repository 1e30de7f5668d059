/** Workers: what each is, and what it runs. */

import { html, useEffect } from "../../core/ui.js";
import { read, send } from "../../core/api.js";
import { duration } from "../../core/format.js";
import { useRemote } from "../../core/remote.js";
import { isState } from "../../live/changes.js";
import { State } from "../../parts/basics.js";
import { Read } from "../../parts/faces.js";

/** @typedef {import("../../core/api.js").Schemas["Worker"]} Worker @typedef {import("../../core/api.js").Schemas["Queue"]} Queue */

/** Silence of a worker that is worth a word, in seconds. */
const SILENT_SECONDS = 15;

/** Time between two readings while nothing happens: no event tells of a heartbeat, or that there is none. */
const LOOK_MS = 10_000;

/** Workers as the service knew them, and its time then: the clock of a browser may be another. @typedef {{ data: Worker[], at: number }} Seen */

/** @param {AbortSignal} signal @returns {Promise<Seen>} */
async function readWorkers(signal) {
  const answer = await send("GET", "/v1/workers", { signal });
  return { ...(await read(answer)), at: Date.parse(answer.headers.get("Date") ?? "") };
}

/** @param {{ queue: Queue }} props */
export function Workers({ queue }) {
  const remote = useRemote("workers", readWorkers, { refreshOn: (event) => isState(event) || event.event === "progress", leastMs: 3000 });
  useEffect(() => {
    const timer = setInterval(() => document.hidden || remote.reload(), LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  return html`<${Read} remote=${remote} what="workers">${(/** @type {Seen} */ { data, at }) => {
    const alive = data.filter((worker) => worker.state !== "stopped");
    if (!alive.length) return html`<${NoWorker} />`;
    return html`<ul class="workers">${alive.map((worker) => html`<${WorkerRow} key=${worker.name} worker=${worker} at=${at} queue=${queue} />`)}</ul>`;
  }}<//>`;
}

export const NoWorker = () => html`<p class="sub" role="status">No worker lives, so nothing is started. <code>ayla-service worker</code> starts one.</p>`;

/** @param {{ worker: Worker, at: number, queue: Queue }} props */
function WorkerRow({ worker, at, queue }) {
  const silent = (at - Date.parse(worker.heartbeat_at)) / 1000;
  const names = new Map(queue.running.map((shard) => [shard.job_id, shard.job_name ?? `job ${shard.job_id.slice(0, 8)}`]));
  return html`<li>
    <span><${State} state=${worker.state} /> <span class="mono">${worker.name}</span></span>
    <span class="sub">${worker.host} · ${worker.device}${silent > SILENT_SECONDS && ` · silent for ${duration(silent)}`}</span>
    ${worker.attempts.slice(0, 4).map((attempt) => html`<a key=${attempt.shard_id} class="cell-text" href=${`/jobs/${attempt.job_id}`}>${names.get(attempt.job_id) ?? `job ${attempt.job_id.slice(0, 8)}`}</a>`)}
    ${worker.attempts.length > 4 && html`<span class="sub">and ${worker.attempts.length - 4} more</span>`}
  </li>`;
}
