/** What events change of jobs that are shown. */

/** @typedef {import("../core/api.js").Schemas["JobSummary"]} JobSummary @typedef {import("./follower.js").LiveEvent} LiveEvent */

/** A job as a list shows it, with what only the stream tells. @typedef {JobSummary & { steps_per_second?: number | null, eta_seconds?: number | null }} LiveJob */

/** States in which more is to come. @param {{ state: string }} job */
export const isOpen = (job) => job.state === "queued" || job.state === "running";

/**
 * A job after an event; the same object if the event does not change it.
 *
 * @template {LiveJob} T
 * @param {T} job
 * @param {LiveEvent} event
 * @returns {T}
 */
export function changed(job, { event, data }) {
  if (event === "snapshot" && data.jobs) {
    const found = data.jobs.find((/** @type {JobSummary} */ other) => other.id === job.id);
    return found ? { ...job, ...found } : job;
  }
  if (data.job_id !== job.id) return job;
  if ((event === "state" || event === "snapshot" || event === "end") && data.job) return { ...job, ...data.job };
  if (event !== "progress") return job;
  const { fraction, steps_done, steps_total, trials, steps_per_second, eta_seconds } = data;
  return { ...job, progress: { fraction, steps_done, steps_total }, trials, steps_per_second, eta_seconds };
}

/** Whether an event tells that a job is gone for good. @param {LiveEvent} event */
export const isDeletion = ({ event, data }) => event === "end" && data.reason === "deleted";

/** The end of a job that has just been deleted, as streams tell it of jobs that they follow closely. @param {string} id @returns {LiveEvent} */
export const deletionOf = (id) => ({ event: "end", data: { reason: "deleted", job_id: id, job: null, trials: [] } });

/**
 * Jobs after an event, without one that it tells to be deleted; the same list if it changes none of them.
 *
 * @param {readonly LiveJob[]} jobs
 * @param {LiveEvent} event
 * @returns {readonly LiveJob[]}
 */
export function allChanged(jobs, event) {
  if (isDeletion(event)) return jobs.some((job) => job.id === event.data.job_id) ? jobs.filter((job) => job.id !== event.data.job_id) : jobs;
  let isSame = true;
  const after = jobs.map((job) => {
    const next = changed(job, event);
    isSame &&= next === job;
    return next;
  });
  return isSame ? jobs : after;
}

/** Whether an event is about a change of state, of any job or of one. @param {LiveEvent} event @param {string} [jobId] */
export const isState = ({ event, data }, jobId) => (event === "state" || event === "end") && (jobId === undefined || data.job_id === jobId);

/** Share of the steps of some jobs that are made. @param {readonly LiveJob[]} jobs */
export function shareOf(jobs) {
  if (jobs.length === 1) return jobs[0]?.progress.fraction ?? 0;
  const [done, total] = jobs.reduce(([done, total], { progress }) => [done + progress.steps_done, total + progress.steps_total], [0, 0]);
  return total ? done / total : 0;
}
