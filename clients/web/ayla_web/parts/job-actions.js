/** What can be done with a job, as its state and the caller's scopes allow. */

import { html, useState } from "../core/ui.js";
import { get, patch, post, remove, send } from "../core/api.js";
import { nameOf } from "../core/format.js";
import { navigate } from "../core/router.js";
import { may, maySteer } from "../core/session.js";
import { deletionOf, isOpen } from "../live/changes.js";
import { announce } from "../live/connection.js";
import { Menu, Question } from "./dialog.js";
import { attempt } from "./notices.js";

/** @typedef {import("../live/changes.js").LiveJob} LiveJob @typedef {"urgent" | "high" | "normal" | "low"} Priority */

export const PRIORITIES = /** @type {readonly Priority[]} */ (["urgent", "high", "normal", "low"]);

/** @param {string} id */
const at = (id) => `/v1/jobs/${encodeURIComponent(id)}`;

/** @param {LiveJob} job @param {"pause" | "resume" | "cancel" | "retry"} verb @param {string} done */
export const steer = (job, verb, done) => attempt(() => post(`${at(job.id)}/${verb}`), `${done}: ${nameOf(job)}`);

/**
 * Change a job as it is now, whatever was shown of it before.
 *
 * @param {string} id
 * @param {import("../core/api.js").Schemas["JobChange"]} change
 */
export async function change(id, change) {
  const answer = await send("GET", at(id));
  return patch(at(id), change, answer.headers.get("ETag") ?? "*");
}

/** Submit a job again as it is. @param {LiveJob} job */
async function runAgain(job) {
  const made = await attempt(() => post(`${at(job.id)}/clone`, {}), "Submitted once more");
  if (made) navigate(`/jobs/${made.id}`);
}

/**
 * @typedef {{ name: string, act: () => void, isFirst?: boolean }} Action isFirst: a button of its own where there is room
 */

/**
 * @param {LiveJob} job
 * @param {(question: "cancel" | "delete") => void} ask
 * @returns {Action[]}
 */
export function actionsOf(job, ask) {
  const mine = maySteer(job);
  const open = isOpen(job);
  const all = [
    mine && open && !job.paused_at && !job.cancel_requested_at && { name: "Pause", act: () => steer(job, "pause", "Paused"), isFirst: true },
    mine && open && job.paused_at && { name: "Resume", act: () => steer(job, "resume", "Resumed"), isFirst: true },
    mine && open && !job.cancel_requested_at && { name: "Cancel", act: () => ask("cancel"), isFirst: true },
    mine && (job.state === "failed" || job.state === "cancelled") && { name: "Retry", act: () => steer(job, "retry", "Queued again"), isFirst: true },
    may("submit") && { name: "Run again", act: () => runAgain(job), isFirst: !open },
    may("submit") && { name: "Change and run", act: () => navigate(`/new?from=${job.id}`) },
    mine && open && { name: "Move to the front", act: () => attempt(() => post(`${at(job.id)}/move`, { to: "front" }), "Moved to the front of its owner's jobs") },
    ...(mine && open ? PRIORITIES.filter((one) => one !== job.priority).map((one) => ({ name: `Priority: ${one}`, act: () => attempt(() => change(job.id, { priority: one }), `Priority ${one}`) })) : []),
    mine && { name: job.archived_at ? "Take out of the archive" : "Archive", act: () => attempt(() => change(job.id, { archived: !job.archived_at }), job.archived_at ? "Listed again" : "Archived") },
    mine && !open && { name: "Delete", act: () => ask("delete") },
  ];
  return /** @type {Action[]} */ (all.filter(Boolean));
}

/**
 * Actions of a job: the first as buttons where there is room, the others in a menu.
 *
 * @param {{ job: LiveJob, isCompact?: boolean, title?: string }} props isCompact: a menu only
 */
export function JobActions({ job, isCompact = false, title }) {
  const [question, setQuestion] = useState(/** @type {"cancel" | "delete" | null} */ (null));
  const actions = actionsOf(job, setQuestion);
  const first = isCompact ? [] : actions.filter((action) => action.isFirst);
  const name = nameOf(job, title);
  return html`<span class="actions">
    ${first.map((action) => html`<button key=${action.name} type="button" class="button" onClick=${action.act}>${action.name}</button>`)}
    <${Menu} label="⋯" name=${name} items=${actions.filter((action) => !first.includes(action)).map((action) => /** @type {[string, () => void]} */ ([action.name, action.act]))} />
    ${question === "cancel" && html`<${Question} title="Cancel this job?" text=${`${name}: what has been computed stays; the rest can be queued again by a retry.`} confirm="Cancel the job" onConfirm=${() => steer(job, "cancel", "Cancelled")} onClose=${() => setQuestion(null)} />`}
    ${question === "delete" && html`<${Question} title="Delete this job?" text=${`${name}: its trials, trajectories and metrics are gone for good.`} confirm="Delete the job" onConfirm=${() => deleteJob(job)} onClose=${() => setQuestion(null)} />`}
  </span>`;
}

/** @param {LiveJob} job */
async function deleteJob(job) {
  const isGone = await attempt(async () => (await remove(at(job.id)), true), `Deleted: ${nameOf(job)}`);
  if (!isGone) return;
  if (location.pathname === `/jobs/${job.id}`) navigate("/jobs", { replace: true });
  // After the next view is there: the job's own would read anew what is gone.
  setTimeout(() => announce(deletionOf(job.id)), 0);
}

/** The job as it can be read anywhere. @param {string} id @returns {Promise<LiveJob>} */
export const readJob = (id) => get(at(id));
