/** Workers: what each is, and what it runs. */

import { html } from "../../core/ui.js";
import { get } from "../../core/api.js";
import { duration } from "../../core/format.js";
import { useRemote } from "../../core/remote.js";
import { isState } from "../../live/changes.js";
import { State, now } from "../../parts/basics.js";
import { Read } from "../../parts/faces.js";

/** @typedef {import("../../core/api.js").Schemas["Worker"]} Worker @typedef {import("../../core/api.js").Schemas["Queue"]} Queue */

/** Silence of a worker that is worth a word, in seconds. */
const SILENT_SECONDS = 15;

/** @param {{ queue: Queue }} props */
export function Workers({ queue }) {
  const remote = useRemote("workers", (signal) => get("/v1/workers", { signal }), { refreshOn: (event) => isState(event) || event.event === "progress", leastMs: 3000 });
  return html`<${Read} remote=${remote} what="workers">${(/** @type {{ data: Worker[] }} */ { data }) => {
    const alive = data.filter((worker) => worker.state !== "stopped");
    if (!alive.length) return html`<p class="sub">No worker lives, so nothing is started. <code>ayla-service worker</code> starts one.</p>`;
    return html`<ul class="workers">${alive.map((worker) => html`<${WorkerRow} key=${worker.name} worker=${worker} queue=${queue} />`)}</ul>`;
  }}<//>`;
}

/** @param {{ worker: Worker, queue: Queue }} props */
function WorkerRow({ worker, queue }) {
  const silent = (now.value - new Date(worker.heartbeat_at).getTime()) / 1000;
  const names = new Map(queue.running.map((shard) => [shard.job_id, shard.job_name ?? `job ${shard.job_id.slice(0, 8)}`]));
  return html`<li>
    <span><${State} state=${worker.state} /> <span class="mono">${worker.name}</span></span>
    <span class="sub">${worker.host} · ${worker.device}${silent > SILENT_SECONDS && ` · silent for ${duration(silent)}`}</span>
    ${worker.attempts.slice(0, 4).map((attempt) => html`<a key=${attempt.shard_id} class="cell-text" href=${`/jobs/${attempt.job_id}`}>${names.get(attempt.job_id) ?? `job ${attempt.job_id.slice(0, 8)}`}</a>`)}
    ${worker.attempts.length > 4 && html`<span class="sub">and ${worker.attempts.length - 4} more</span>`}
  </li>`;
}
