/** Queue: who runs what and where, what waits, and when it will be done; at first, where to begin. */

import { html } from "../../core/ui.js";
import { get, post } from "../../core/api.js";
import { count, counted, finishOf, nameOf, startOf } from "../../core/format.js";
import { query } from "../../core/router.js";
import { useRemote } from "../../core/remote.js";
import { hasKey, may, me } from "../../core/session.js";
import { isState } from "../../live/changes.js";
import { useEnded, useJobs } from "../../live/jobs.js";
import { Heading, Section } from "../../parts/basics.js";
import { Read } from "../../parts/faces.js";
import { JobActions } from "../../parts/job-actions.js";
import { attempt } from "../../parts/notices.js";
import { JobRows } from "./job-rows.js";
import { Shares } from "./shares.js";
import { Start } from "./start.js";
import { Workers } from "./workers.js";

/** @typedef {import("../../core/api.js").Schemas["Queue"]} Queue */

const RECENT = 8;

/** Progress changes estimates too, but nobody reads them twice a second. */
const ESTIMATES_MS = 2000;

export function View() {
  const queue = useRemote("queue", (signal) => /** @type {Promise<Queue>} */ (get("/v1/queue", { signal })), { refreshOn: (event) => isState(event) || event.event === "progress", leastMs: ESTIMATES_MS });
  const running = useJobs({ state: "running", paused: false, limit: 100 });
  const paused = useJobs({ paused: true, limit: 100 });
  const recent = useJobs({ limit: RECENT, sort: "-updated_at", archived: "also" });
  const ended = useEnded(recent.data, RECENT);
  const isNew = recent.data?.length === 0 && !recent.isLoading;
  if (isNew || query.value.has("started")) return html`<${Start} />`;
  return html`<${Heading} text="Queue" sub=${queue.data && html`<${InShort} queue=${queue.data} />`}><${Switches} queue=${queue.data} /><//>
    <${Read} remote=${queue} what="the queue">${(/** @type {Queue} */ now) => html`
      <div class="split">
        <div class="section wide-gap">
          <${Section} title="Running" note=${counted(now.running.length, "shard")}><${Read} remote=${running} what="running jobs">${(/** @type {any} */ jobs) => html`<${JobRows} jobs=${jobs} running=${now.running} none="Nothing runs." />`}<//><//>
          <${Section} title="Waiting" note="in the order in which they should start"><${Waiting} queue=${now} /><//>
          ${paused.data && paused.data.length > 0 && html`<${Section} title="Paused" note="until somebody resumes them"><${JobRows} jobs=${paused.data} running=${now.running} none="" /><//>`}
          <${Section} title="Ended last" end=${html`<a href="/jobs">All jobs</a>`}>${ended && html`<${JobRows} jobs=${ended} none="Nothing has ended yet." />`}<//>
        </div>
        <div class="section wide-gap">
          <${Section} title="Workers" note=${workersInWords(now.workers)}><${Workers} queue=${now} /><//>
          <${Section} title="Shares" note="by weight and use"><${Shares} queue=${now} /><//>
        </div>
      </div>`}<//>`;
}

/** @param {{ queue: Queue }} props */
function InShort({ queue }) {
  const jobs = new Set(queue.running.map((shard) => shard.job_id)).size;
  const state = queue.paused_at ? "paused: nothing starts" : queue.draining_at ? "draining: no new jobs" : "";
  return html`<span class="sub">${counted(jobs, "job")} running · ${queue.next.length === 50 ? "50 or more" : queue.next.length} waiting${state && html` · <strong class="warn">${state}</strong>`}</span>`;
}

/** Switches of the whole queue, for admins. @param {{ queue: Queue | undefined }} props */
function Switches({ queue }) {
  if (!queue || !may("admin")) return null;
  /** @param {"pause" | "resume" | "drain"} verb @param {string} done */
  const turn = (verb, done) => () => attempt(() => post(`/v1/queue/${verb}`), done);
  if (queue.paused_at || queue.draining_at) return html`<button type="button" class="button" onClick=${turn("resume", "The queue goes on")}>Resume the queue</button>`;
  return html`<button type="button" class="button" onClick=${turn("pause", "The queue is paused")}>Pause the queue</button>
    <button type="button" class="button" onClick=${turn("drain", "The queue takes no new jobs")}>Drain</button>`;
}

/** @param {{ queue: Queue }} props */
function Waiting({ queue }) {
  if (!queue.next.length) return html`<p class="sub">Nothing waits.</p>`;
  return html`<div class="table-scroll"><table class="table"><thead><tr>
      <th>Job</th><th>Owner</th><th>Priority</th><th class="num">Shards</th><th class="num">Shards ahead</th><th>Starts</th><th>Done</th><th><span class="unseen">Actions</span></th>
    </tr></thead><tbody>${queue.next.map((job) => html`<tr key=${job.job_id}>
      <td class="one-line grow"><a href=${`/jobs/${job.job_id}`}>${nameOf({ id: job.job_id, name: job.name })}</a></td>
      <td>${job.owner}${isMine(job) && html` <span class="tag">yours</span>`}</td><td>${job.priority}</td><td class="num">${job.shards}</td>
      <td class="num">${job.position === null ? "–" : count(job.position - 1)}</td>
      ${job.reason ? html`<td colspan="2" class="sub">${job.reason}</td>` : html`<td class="time">${startOf(job)}</td><td class="time">${finishOf(job)}</td>`}
      <td class="num"><${WaitingActions} job=${job} /></td>
    </tr>`)}</tbody></table></div>
    <p class="sub">Estimates rest on ${queue.basis.text}</p>`;
}

/** Whether a job is the caller's own, where others have jobs too: with a service without keys all are of one. @param {{ owner: string }} job */
const isMine = ({ owner }) => hasKey.value && me.value?.member.name === owner;

/** @param {{ job: import("../../core/api.js").Schemas["WaitingJob"] }} props */
const WaitingActions = ({ job }) => html`<${JobActions} isCompact job=${/** @type {any} */ ({ ...job, id: job.job_id, state: "queued", paused_at: null, cancel_requested_at: null, archived_at: null })} />`;

/** @param {import("../../core/api.js").Schemas["WorkersInUse"]} workers */
function workersInWords({ busy, idle, busy_for_others: others }) {
  return [`${busy} busy`, `${idle} idle`, others && `${others} busy for others`].filter(Boolean).join(" · ");
}
