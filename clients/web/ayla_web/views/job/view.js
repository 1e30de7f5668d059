/** A job while it runs and afterwards: curves, trials, events, and what can be done with it. */

import { html } from "../../core/ui.js";
import { count, counted, duration, nameOf } from "../../core/format.js";
import { isOpen } from "../../live/changes.js";
import { useWatched } from "../../live/connection.js";
import { useJob } from "../../live/jobs.js";
import { usePreviews } from "../../live/previews.js";
import { Ago, Heading, Progress, Section, State, Tags, now, stateOf } from "../../parts/basics.js";
import { Read } from "../../parts/faces.js";
import { JobActions } from "../../parts/job-actions.js";
import { Events } from "./events.js";
import { hasAxes, keepsAll, keepsCurves } from "./kept.js";
import { Panels } from "./panels.js";
import { Place } from "./place.js";
import { Sweep } from "./sweep.js";
import { Trials } from "./trials.js";

/** @typedef {import("../../core/api.js").Schemas["JobDetail"] & import("../../live/changes.js").LiveJob} Job */

/** @param {{ id: string }} props */
export function View({ id }) {
  const remote = useJob(id);
  useWatched(remote.data && isOpen(remote.data) ? remote.data.id : null);
  const preview = usePreviews([id], { leastMs: 500 }).get(id);
  return html`<${Read} remote=${remote} what="job" heading="Job">${(/** @type {Job} */ job) => html`
    <div class="section wide-gap">
      <${Head} job=${job} title=${preview?.title} />
      ${keepsCurves(job) ? html`<${Panels} job=${job} />` : html`<${Sweep} job=${job} />`}
      <${Trials} job=${job} preview=${preview} />
      <div class="halves">
          <${Events} job=${job} />
          <${Section} title="Spec" note="with every default filled in">
            <details class="spec"><summary>${summaryOf(job)}</summary><pre class="mono" tabindex="0" aria-label="Spec as JSON">${JSON.stringify(job.resolved, null, 2)}</pre></details>
            <p class="sub"><a href=${`/v1/jobs/${job.id}`}>This job in the API</a> · <a href=${`/v1/jobs/${job.id}/summary?format=csv`} download>Trials as CSV</a>${keepsAll(job) && html` · <a href=${`/v1/jobs/${job.id}/trajectories?format=parquet`} download>Trajectories as Parquet</a>`}</p>
          <//>
      </div>
    </div>`}<//>`;
}

/** @param {{ job: Job, title: string | undefined }} props */
const Head = ({ job, title }) => html`<div class="section">
  <${Heading} text=${nameOf(job, title)} sub=${html`<${State} state=${stateOf(job)} />`}><${JobActions} job=${job} title=${title} /><//>
  <p class="sub job-line">${job.name && title ? `${title} · ` : ""}${job.owner} · submitted <${Ago} at=${job.created_at} />${job.priority !== "normal" && ` · priority ${job.priority}`}
    ${(job.project || job.tags.length > 0) && html` · <${Tags} tags=${job.tags} project=${job.project} />`}</p>
  ${job.notes && html`<p class="notes">${job.notes}</p>`}
  ${job.error && html`<div class="face problem"><h2>The job failed</h2><p>${job.error.detail}</p></div>`}
  ${job.status_detail && html`<p class="sub" role="status">${job.status_detail}</p>`}
  <${Progress} fraction=${job.progress.fraction} label="Progress of this job" done=${!isOpen(job)} />
  <${Facts} job=${job} />
</div>`;

/** @param {{ job: Job }} props */
function Facts({ job }) {
  const { trials, progress } = job;
  const seeds = job.resolved.seeds.length;
  const took = job.started_at && (new Date(job.finished_at ?? now.value).getTime() - new Date(job.started_at).getTime()) / 1000;
  return html`<dl class="facts">
    <div><dt>Steps</dt><dd>${count(progress.steps_done)} <small>of ${count(progress.steps_total)}</small></dd></div>
    <div><dt>Trials</dt><dd>${count(trials.total - trials.queued - trials.running)} <small>of ${count(trials.total)} ended</small></dd></div>
    <div><dt>Diverged</dt><dd>${count(trials.diverged)}</dd></div>
    <div><dt>${hasAxes(job) ? "Settings" : "Optimizers"} × seeds</dt><dd>${count(trials.total / seeds)} × ${count(seeds)}</dd></div>
    ${took ? html`<div><dt>${isOpen(job) ? "Running for" : "Took"}</dt><dd>${duration(took)}</dd></div>` : ""}
    ${job.state === "queued" && html`<${Place} id=${job.id} />`}
    ${job.state === "running" && html`<div><dt>Left</dt><dd>${duration(job.eta_seconds)} <small>${job.steps_per_second ? `at ${count(Math.round(job.steps_per_second))} steps/s` : ""}</small></dd></div>`}
    <div class="links"><dt>More</dt><dd><a href=${`/jobs/${job.id}/verdict`}>Verdict</a>${hasAxes(job) && html` · <a href=${`/jobs/${job.id}/sweep`}>Sweep</a>`}</dd></div>
  </dl>`;
}

/** @param {Job} job */
function summaryOf({ resolved }) {
  const problem = resolved.problem.type === "expression" ? resolved.problem.expression : `${resolved.problem.model?.name ?? "mlp"} on ${resolved.problem.dataset.name}`;
  return `${problem} · ${counted(resolved.budget.steps, "step")} · ${resolved.dtype} · ${resolved.device}`;
}
