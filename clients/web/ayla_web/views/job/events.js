/** What happened to a job, the newest first, and what happens while one looks. */

import { html } from "../../core/ui.js";
import { get, url } from "../../core/api.js";
import { clock } from "../../core/format.js";
import { useRemote } from "../../core/remote.js";
import { isState } from "../../live/changes.js";
import { Section } from "../../parts/basics.js";
import { Read } from "../../parts/faces.js";

/** @typedef {import("../../core/api.js").Schemas["Attempt"]} Attempt @typedef {import("./view.js").Job} Job */
/** @typedef {{ at: string, text: string, detail?: string, bad?: boolean, key: string }} Happening */

const MOST = 50;

/** @param {{ job: Job }} props */
export function Events({ job }) {
  const address = url(`/v1/jobs/${job.id}/attempts`, { limit: MOST });
  const remote = useRemote(address, (signal) => get(address, { signal }), { refreshOn: (event) => (event.event === "progress" || isState(event)) && event.data.job_id === job.id, leastMs: 1000 });
  return html`<${Section} title="Events"><${Read} remote=${remote} what="attempts">${(/** @type {{ data: Attempt[] }} */ { data }) => html`<div class="events" role="log" aria-live="polite" aria-label="Events of this job" tabindex="0"><ol>
    ${happenings(job, data).map((one) => html`<li key=${one.key} class=${one.bad ? "bad" : ""}><time datetime=${one.at}>${clock(one.at, { seconds: true })}</time><span>${one.text}${one.detail && html`<span class="sub"> ${one.detail}</span>`}</span></li>`)}
  </ol></div>`}<//><//>`;
}

/** @type {Record<string, string>} */
const OUTCOMES = { succeeded: "is done", failed: "failed", released: "was handed back", lost: "was lost with its worker", cancelled: "was cancelled", running: "runs" };

/**
 * The events of a job, from its times and its attempts, the newest first.
 *
 * @param {Pick<Job, "created_at" | "owner" | "started_at" | "paused_at" | "cancel_requested_at" | "finished_at" | "archived_at" | "state">} job
 * @param {readonly Attempt[]} attempts
 * @returns {Happening[]}
 */
export function happenings(job, attempts) {
  /** @type {(Happening | false | null | "")[]} */
  const own = [
    { at: job.created_at, key: "submitted", text: `Submitted by ${job.owner}` },
    job.paused_at && { at: job.paused_at, key: "paused", text: "Paused" },
    job.cancel_requested_at && { at: job.cancel_requested_at, key: "cancel", text: "Cancellation asked for" },
    job.finished_at && { at: job.finished_at, key: "finished", text: `The job ${job.state === "succeeded" ? "has succeeded" : `ended: ${job.state}`}`, bad: job.state === "failed" },
    job.archived_at && { at: job.archived_at, key: "archived", text: "Archived" },
  ];
  const ofAttempts = attempts.flatMap((attempt) => {
    const name = `Shard ${attempt.shard_index + 1}`;
    const id = `${attempt.shard_id} ${attempt.number}`;
    const again = attempt.number > 1 ? `, attempt ${attempt.number}${attempt.first_step ? ` from step ${attempt.first_step}` : ""}` : "";
    /** @type {Happening[]} */
    const both = [{ at: attempt.started_at, key: `${id} start`, text: `${name} started${again}`, detail: `on ${attempt.worker}${attempt.device ? `, ${attempt.device}` : ""}` }];
    if (attempt.ended_at) {
      const bad = attempt.outcome === "failed" || attempt.outcome === "lost";
      both.push({ at: attempt.ended_at, key: `${id} end`, text: `${name} ${OUTCOMES[attempt.outcome] ?? attempt.outcome}`, detail: attempt.error?.detail ?? "", bad });
    }
    return both;
  });
  const all = [.../** @type {Happening[]} */ (own.filter(Boolean)), ...ofAttempts];
  return all.sort((one, other) => Date.parse(other.at) - Date.parse(one.at));
}
