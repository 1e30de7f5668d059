/** Trials of a job with their newest results, ordered by the service. */

import { html, useRef, useState } from "../../core/ui.js";
import { get, url } from "../../core/api.js";
import { count, duration, number } from "../../core/format.js";
import { query, setQuery } from "../../core/router.js";
import { useRemote } from "../../core/remote.js";
import { theme } from "../../core/theme.js";
import { Swatch } from "../../charts/chart.js";
import { lookOf } from "../../charts/looks.js";
import { MOST_NAMED } from "../../charts/palette.js";
import { isState } from "../../live/changes.js";
import { useLiveEvents } from "../../live/connection.js";
import { Section, State } from "../../parts/basics.js";
import { Read } from "../../parts/faces.js";
import { keepsCurves } from "./kept.js";
import { METRICS, withNews } from "./news.js";

/** @typedef {import("./news.js").Shown} Shown @typedef {import("./news.js").Page} Page */

/** Rows that are read at first, and with each click on more. */
const ROWS = 100;

/** Rows of a sweep at first, whose settings have a view of their own. */
const FEW_ROWS = 20;

/** Trials that are read as one table, which has the newest results of those that still run. */
const MOST_AT_ONCE = 300;

/** Time after which all rows are read again while steps are made; events tell the newest numbers of each meanwhile. */
const WHOLE_MS = 2000;

/** @param {{ job: import("./view.js").Job }} props */
export function Trials({ job }) {
  const sort = query.value.get("sort") ?? "";
  const isListed = keepsCurves(job);
  const [rows, setRows] = useState(isListed ? ROWS : FEW_ROWS);
  const isSmall = job.trials.total <= MOST_AT_ONCE;
  const address = isSmall ? url(`/v1/jobs/${job.id}/summary`, { sort }) : url(`/v1/jobs/${job.id}/trials`, { limit: Math.min(rows, 200), sort });
  const readAt = useRef(0);
  /** @param {AbortSignal} signal */
  const load = (signal) => {
    readAt.current = performance.now();
    return isSmall ? whole(address, signal) : pages(address, rows, signal);
  };
  // Where they are sorted, new numbers change the order, which the service knows.
  const isDue = () => sort !== "" || performance.now() - readAt.current > WHOLE_MS;
  const remote = useRemote(isSmall ? address : `${address} ${rows}`, load, { refreshOn: (event) => event.data.job_id === job.id && (isState(event) || (event.event === "progress" && isDue())), leastMs: 400 });
  useLiveEvents(({ event, data }) => event === "metric" && data.job_id === job.id && remote.put((page) => withNews(page, data.trials)));
  return html`<${Section} title="Trials" note=${`${count(job.trials.total)}, each one ${isListed ? "optimizer" : "setting"} with one seed`}>
    <${Read} remote=${remote} what="trials">${(/** @type {Page} */ page) => html`<${Table} trials=${page.data} sort=${sort} hasLooks=${isListed} />
      ${page.next_cursor && html`<p class="toolbar"><button type="button" class="button" onClick=${() => setRows(rows + (isListed ? 4 * ROWS : ROWS))}>Show more</button><span class="sub">${count(page.data.length)} of ${count(job.trials.total)}, ${sort ? `by ${sort.replace("-", "").replaceAll("_", " ")}` : "in order"}</span></p>`}`}<//>
  <//>`;
}

/** All trials of a small job. @param {string} address @param {AbortSignal} signal @returns {Promise<Page>} */
async function whole(address, signal) {
  const { columns, rows, job_id: jobId } = await get(address, { signal });
  const data = Array.from({ length: rows }, (_, row) => trialOf(jobId, (name) => columns[name]?.[row] ?? null));
  return { data, next_cursor: null };
}

/** A trial from a row of the table. @param {string} jobId @param {(name: string) => any} of a column @returns {Shown} */
function trialOf(jobId, of) {
  const metrics = Object.fromEntries(METRICS.flatMap(([name]) => (of(name) === null ? [] : [[name, { final: of(name), best: of(`best_${name}`), best_epoch: of(`best_${name}_epoch`) }]])));
  const summary = { best_loss: of("best_loss"), best_step: of("best_step"), final_loss: of("final_loss"), first_nonfinite_step: of("first_nonfinite_step"), wall_seconds: of("wall_seconds"), notes: [], metrics };
  return { id: `${jobId}-${of("trial_index")}`, index: of("trial_index"), optimizer_index: of("optimizer_index"), label: of("label"), seed: of("seed"), state: of("state"), steps_done: of("steps_done"), summary };
}

/** As many rows as are wanted, over as many pages as that takes. @param {string} first @param {number} wanted @param {AbortSignal} signal @returns {Promise<Page>} */
async function pages(first, wanted, signal) {
  /** @type {Page} */
  let page = await get(first, { signal });
  const { data } = page;
  while (page.next_cursor && data.length < wanted) {
    page = await get(`${first}&cursor=${encodeURIComponent(page.next_cursor)}`, { signal });
    data.push(...page.data);
  }
  return { data, next_cursor: page.next_cursor };
}

/** @param {{ trials: readonly Shown[], sort: string, hasLooks: boolean }} props hasLooks: whether each optimizer has a colour of its own */
function Table({ trials, sort, hasLooks }) {
  const metrics = METRICS.filter(([name]) => trials.some((trial) => trial.summary?.metrics[name]));
  const judged = metrics[0]?.[0];
  const best = bestOf(trials, (trial) => (judged ? trial.summary?.metrics[judged]?.final : trial.summary?.best_loss));
  return html`<div class="table-scroll"><table class="table"><thead><tr>
      <th>Optimizer</th><${Sortable} name="seed" sort=${sort}>Seed<//><th>State</th>
      <${Sortable} name="steps_done" sort=${sort}>Steps<//>${metrics.map(([name, word]) => html`<${Sortable} key=${name} name=${name} sort=${sort}>${word}<//>`)}
      <${Sortable} name="final_loss" sort=${sort}>${judged ? "Last batch" : "Final loss"}<//><${Sortable} name="best_loss" sort=${sort}>${judged ? "Best batch" : "Best loss"}<//><th class="num">at step</th><${Sortable} name="wall_seconds" sort=${sort}>Took<//>
    </tr></thead><tbody>${trials.map((trial) => html`<${Row} key=${trial.id} trial=${trial} metrics=${metrics} isBest=${trial.index === best} hasLook=${hasLooks} />`)}</tbody></table></div>`;
}

/**
 * The trial with the lowest loss of those that are shown; none of a single one. Diverged is worst.
 *
 * @param {readonly Shown[]} trials
 * @param {(trial: Shown) => number | null | undefined} lossOf of a model on a whole part, never on one mini-batch
 */
function bestOf(trials, lossOf) {
  if (trials.length < 2) return -1;
  const losses = trials.map((trial) => (trial.state === "diverged" ? Infinity : lossOf(trial) ?? Infinity));
  const lowest = Math.min(...losses);
  return Number.isFinite(lowest) ? /** @type {Shown} */ (trials[losses.indexOf(lowest)]).index : -1;
}

/** @param {{ name: string, sort: string, children?: import("../../core/ui.js").Children }} props */
const Sortable = ({ name, sort, children }) => html`<th class="num" aria-sort=${sort === name ? "ascending" : sort === `-${name}` ? "descending" : undefined}>
  <button type="button" onClick=${() => setQuery({ sort: sort === name ? `-${name}` : sort === `-${name}` ? null : name })}>${children}${sort === name ? " ↑" : sort === `-${name}` ? " ↓" : ""}</button></th>`;

/** @param {{ trial: Shown, metrics: typeof METRICS, isBest: boolean, hasLook: boolean }} props */
function Row({ trial, metrics, isBest, hasLook }) {
  const { summary } = trial;
  const look = hasLook && trial.optimizer_index < MOST_NAMED ? lookOf(trial.optimizer_index, theme.value) : null;
  return html`<tr>
    <td class="one-line label-cell">${look && html`<${Swatch} look=${look} />`} ${trial.label}</td><td class="num">${trial.seed}</td>
    <td title=${summary?.notes.join(" ") || undefined}><${State} state=${trial.state}>${trial.state === "diverged" && summary?.first_nonfinite_step != null ? `diverged at ${count(summary.first_nonfinite_step)}` : trial.state}<//></td>
    <td class="num">${count(trial.steps_done)}</td>
    ${metrics.map(([name], place) => html`<td key=${name} class=${isBest && place === 0 ? "num best" : "num"} title=${bestMetric(summary?.metrics[name])}>${number(summary?.metrics[name]?.final, 4)}</td>`)}
    <td class="num">${number(summary?.final_loss, 6)}</td><td class=${isBest && !metrics.length ? "num best" : "num"}>${number(summary?.best_loss, 6)}</td><td class="num">${summary?.best_step == null ? "–" : count(summary.best_step)}</td>
    <td class="num">${duration(summary?.wall_seconds)}</td>
  </tr>`;
}

/** @param {import("../../core/api.js").Schemas["TrialMetric"] | undefined} metric */
const bestMetric = (metric) => (metric?.best == null ? undefined : `best ${number(metric.best, 4)}, first after epoch ${metric.best_epoch}`);
