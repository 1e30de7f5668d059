/** Jobs as rows: state, progress and when they are done. */

import { html } from "../../core/ui.js";
import { clock, duration, nameOf } from "../../core/format.js";
import { usePreviews } from "../../live/previews.js";
import { Sparkline } from "../../charts/sparkline.js";
import { Ago, Progress, State, stateOf } from "../../parts/basics.js";
import { JobActions, steer } from "../../parts/job-actions.js";
import { maySteer } from "../../core/session.js";
import { isOpen } from "../../live/changes.js";

/** @typedef {import("../../live/changes.js").LiveJob} LiveJob @typedef {import("../../core/api.js").Schemas["RunningShard"]} RunningShard */

/** @param {{ jobs: readonly LiveJob[], running?: readonly RunningShard[], none: string }} props running: the shards that workers have */
export function JobRows({ jobs, running = [], none }) {
  const previews = usePreviews(jobs.map((job) => job.id));
  if (!jobs.length) return html`<p class="sub">${none}</p>`;
  return html`<ul class="job-rows">${jobs.map((job) => html`<${JobRow} key=${job.id} job=${job} preview=${previews.get(job.id)} shards=${running.filter((shard) => shard.job_id === job.id)} />`)}</ul>`;
}

/** @param {{ job: LiveJob, preview: import("../../live/previews.js").Preview | undefined, shards: readonly RunningShard[] }} props */
const JobRow = ({ job, preview, shards }) => html`<li class="job-row">
  <span class="job-name"><a class="cell-text" href=${`/jobs/${job.id}`}>${nameOf(job, preview?.title)}</a>
    <span class="sub cell-text">${job.owner}${shards.length > 0 && ` · ${placesOf(shards)}`}${job.status_detail && ` · ${job.status_detail}`}</span></span>
  <span class="job-state"><${State} state=${stateOf(job)} /></span>
  <span class="job-spark"><${Sparkline} values=${preview?.sparkline ?? []} /></span>
  <span class="job-progress"><${Progress} fraction=${job.progress.fraction} label=${`Progress of ${nameOf(job, preview?.title)}`} done=${!isOpen(job)} /></span>
  <span class="job-end sub">${isOpen(job) && job.paused_at ? html`<${Resume} job=${job} name=${nameOf(job, preview?.title)} />` : endOf(job, shards)}</span>
  <span class="job-actions"><${JobActions} isCompact job=${job} title=${preview?.title} /></span>
</li>`;

/** @param {{ job: LiveJob, name: string }} props */
const Resume = ({ job, name }) => maySteer(job) && html`<button type="button" class="button small" aria-label=${`Resume: ${name}`} onClick=${() => steer(job, "resume", "Resumed")}>Resume</button>`;

/** @param {readonly RunningShard[]} shards @returns {string} where they run */
function placesOf(shards) {
  const workers = [...new Set(shards.map((shard) => shard.worker))];
  return workers.length > 2 ? `${workers.length} workers` : workers.join(", ");
}

/** @param {LiveJob} job @param {readonly RunningShard[]} shards */
function endOf(job, shards) {
  if (!isOpen(job)) return job.finished_at ? html`<${Ago} at=${job.finished_at} />` : "";
  if (job.eta_seconds !== null && job.eta_seconds !== undefined) return `${duration(job.eta_seconds)} left`;
  const ends = shards.flatMap((shard) => (shard.expected_end ? [shard.expected_end] : []));
  return ends.length ? `until ${clock(/** @type {string} */ (ends.sort().at(-1)))}` : "";
}
