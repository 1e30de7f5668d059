/** Curves of the best setting of each arm, of a job that has none of all its settings: from where they are kept. */

import { get, post, url } from "../../core/api.js";
import { counted } from "../../core/format.js";
import { useRemote } from "../../core/remote.js";
import { may } from "../../core/session.js";
import { createContext, html, useContext, useRef, useState } from "../../core/ui.js";
import { isOpen, isState } from "../../live/changes.js";
import { attempt } from "../../parts/notices.js";
import { CurvesFigure } from "./curves.js";
import { keepsAll } from "./kept.js";

/** @typedef {import("../../core/api.js").Schemas} Schemas @typedef {Schemas["JobCurves"]} Curves @typedef {Curves["curves"][number]} Curve */
/** @typedef {NonNullable<Schemas["BestOfSweep"]["setting"]>} Setting @typedef {import("./view.js").Job} Job */
/** @typedef {{ curves: Curves, lacking: string[], coming: string[] }} Found lacking: trials of which nothing is kept; coming: jobs that compute them */

/** Arms whose curves are drawn; more than that nobody tells apart. */
const MOST = 8;

const POINTS = 600;

/** The best settings that are shown. */
export const BestOf = createContext(/** @type {Schemas["BestAnswer"] | null} */ (null));

/** @param {import("./curves.js").CurvesProps & { job: Job }} props */
export function BestCurves({ job, column, xLog = false, optimizers = null, hasKey = true, ...props }) {
  const best = useContext(BestOf);
  const wanted = (best?.best ?? []).map(({ setting }, arm) => ({ setting, arm })).filter(({ arm }) => !optimizers || optimizers.includes(arm)).slice(0, MOST);
  const coming = useRef(/** @type {string[]} */ ([]));
  const isLive = (/** @type {import("../../live/follower.js").LiveEvent} */ event) => (isState(event) ? coming.current.includes(event.data.job_id) : keepsAll(job) && event.event === "progress" && event.data.job_id === job.id);
  const key = JSON.stringify([job.id, job.state, column, xLog, wanted.map(({ setting }) => setting?.setting)]);
  /** @type {import("../../core/remote.js").Remote<Found>} */
  const found = useRemote(key, (signal) => readAll(job, wanted, column, xLog, signal), { refreshOn: isLive, leastMs: 500 });
  coming.current = found.data?.coming ?? [];
  const curves = { ...found, data: found.data?.curves };
  const lacking = hasKey && found.data && html`<${Lacking} job=${job} found=${found.data} onAsked=${found.reload} />`;
  if (found.data && !found.data.curves.curves.length) return lacking;
  return html`<${CurvesFigure} remote=${curves} column=${column} xLog=${xLog} hasKey=${hasKey} ...${props}>${lacking}<//>`;
}

/** @typedef {readonly { setting: Setting | null, arm: number }[]} Wanted */

/**
 * The curves that are kept somewhere.
 *
 * @param {Job} job
 * @param {Wanted} wanted
 * @param {string} column
 * @param {boolean} xLog
 * @param {AbortSignal} signal
 * @returns {Promise<Found>}
 */
async function readAll(job, wanted, column, xLog, signal) {
  const parameters = { max_points: POINTS, scale: xLog ? "log" : "linear" };
  if (keepsAll(job)) return { curves: await ofJob(job, wanted, column, parameters, signal), lacking: [], coming: [] };
  const found = await Promise.all(wanted.map(({ setting }) => (setting ? readOne(job, setting, column, parameters, signal) : null)));
  const seeds = Math.max(1, ...found.map((one) => one?.curve?.seeds ?? 0));
  const perEpoch = found.find((one) => one?.perEpoch)?.perEpoch ?? null;
  return {
    curves: {
      job_id: job.id, column, seeds, seeds_total: job.resolved.seeds.length, settings: 0, steps_per_epoch: perEpoch,
      curves: found.flatMap((one, place) => (one?.curve ? [{ ...one.curve, optimizer_index: wanted[place]?.arm ?? 0 }] : [])),
    },
    lacking: found.flatMap((one, place) => (one && !one.curve && !one.job ? [wanted[place]?.setting?.trial_ids[0] ?? ""] : [])),
    coming: found.flatMap((one) => (one?.job && isOpen(one.job) ? [one.job.id] : [])),
  };
}

/**
 * The curves of a job that keeps all trajectories: over all seeds, of the settings that are named.
 *
 * @param {Job} job
 * @param {Wanted} wanted
 * @param {string} column
 * @param {import("../../core/api.js").Parameters} parameters
 * @param {AbortSignal} signal
 * @returns {Promise<Curves>}
 */
async function ofJob(job, wanted, column, parameters, signal) {
  const arms = new Map(wanted.flatMap(({ setting, arm }) => (setting ? [[setting.setting, arm]] : [])));
  if (!arms.size) return { job_id: job.id, column, seeds: 0, seeds_total: job.resolved.seeds.length, settings: 0, steps_per_epoch: null, curves: [] };
  /** @type {Curves} */
  const told = await get(url(`/v1/jobs/${job.id}/curves`, { column, settings: [...arms.keys()].join(","), ...parameters }), { signal });
  return { ...told, settings: 0, curves: told.curves.map((curve) => ({ ...curve, optimizer_index: arms.get(curve.setting) ?? curve.optimizer_index })) };
}

/**
 * @param {Job} job
 * @param {Setting} setting
 * @param {string} column
 * @param {import("../../core/api.js").Parameters} parameters
 * @param {AbortSignal} signal
 * @returns {Promise<{ curve: Curve | null, job: Schemas["JobSummary"] | null, perEpoch: number | null }>}
 */
async function readOne(job, setting, column, parameters, signal) {
  const [first] = setting.trial_ids;
  if (isOpen(job)) return { curve: null, job: null, perEpoch: null };
  /** @type {Schemas["JobSummary"][]} */
  const jobs = (await get(url("/v1/jobs", { origin: first, archived: "also" }), { signal })).data;
  const alive = jobs.filter(({ state }) => state !== "failed" && state !== "cancelled");
  const again = alive.sort((one, other) => other.trials.total - one.trials.total)[0];
  if (!again) return { curve: null, job: null, perEpoch: null };
  /** @type {Curves} */
  const told = await get(url(`/v1/jobs/${again.id}/curves`, { column, ...parameters }), { signal });
  return { curve: told.curves[0] ?? null, job: again, perEpoch: told.steps_per_epoch };
}

/** What is not kept, and how to have it. @param {{ job: Job, found: Found, onAsked: () => void }} props */
function Lacking({ job, found, onAsked }) {
  const [isAsking, setAsking] = useState(false);
  if (found.coming.length) return html`<p class="sub" role="status">${counted(found.coming.length, "job computes", "jobs compute")} them again: ${found.coming.map((id) => html`<a key=${id} href=${`/jobs/${id}`}>${id.slice(0, 8)}</a> `)}</p>`;
  if (isOpen(job)) return html`<p class="sub">The results of all trials are kept, their steps are not. ${job.resolved.record.trajectories === "best" ? "When the job has ended, the best settings are computed again with theirs." : "When the job has ended, those of the best settings can be computed again."}</p>`;
  if (!found.lacking.length) return null;
  const ask = async () => {
    setAsking(true);
    await attempt(async () => { for (const trial of found.lacking) await post(`/v1/trials/${trial}/recompute?all_seeds=true`); }, "Queued");
    setAsking(false);
    onAsked();
  };
  return html`<p class="sub toolbar">The steps of this job's trials were not kept. They follow from settings and seeds, to the bit.
    ${may("submit") && html`<button type="button" class="button small" disabled=${isAsking} onClick=${ask}>Compute those of the best again</button>`}</p>`;
}
