/** What happened to a job, in words, from its times and its attempts. */

/** @typedef {import("../../core/api.js").Schemas["Attempt"]} Attempt @typedef {import("./view.js").Job} Job */
/** @typedef {{ at: string, text: string, detail?: string, bad?: boolean, isOwn?: boolean, key: string }} Happening isOwn: of the job as a whole */

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
  const ofJob = /** @type {Happening[]} */ (own.filter(Boolean)).map((one) => ({ ...one, isOwn: true }));
  const all = [...ofJob, ...ofAttempts];
  return all.sort((one, other) => Date.parse(other.at) - Date.parse(one.at));
}

/**
 * What is said aloud: the newest that concerns the whole job or went wrong. A wide sweep begins and ends many shards each second.
 *
 * @param {readonly Happening[]} all the newest first
 */
export const toldOf = (all) => all.find(({ isOwn, bad }) => isOwn || bad)?.text ?? "";
