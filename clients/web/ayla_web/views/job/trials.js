/** Trials of a job with their newest results, ordered by the service. */

import { html } from "../../core/ui.js";
import { count, duration, number } from "../../core/format.js";
import { query, setQuery } from "../../core/router.js";
import { theme } from "../../core/theme.js";
import { Swatch } from "../../charts/chart.js";
import { lookOf } from "../../charts/looks.js";
import { MOST_NAMED } from "../../charts/palette.js";
import { Section, State } from "../../parts/basics.js";
import { ProblemFace, Read } from "../../parts/faces.js";
import { VirtualBody } from "../../parts/virtual.js";
import { keepsCurves } from "./kept.js";
import { METRICS } from "./news.js";
import { useTrialList } from "./trial-list.js";

/** @typedef {import("./news.js").Shown} Shown @typedef {import("../../live/previews.js").Preview} Preview */

/** Height of a row, which the table has to know. */
const ROW_REM = 2.125;

/** @param {{ job: import("./view.js").Job, preview: Preview | undefined }} props preview: names the best trial */
export function Trials({ job, preview }) {
  const sort = query.value.get("sort") ?? "";
  const isListed = keepsCurves(job);
  const list = useTrialList(job, sort);
  const { rows, isComplete } = list;
  const notes = notesOf(rows);
  const note = `${count(job.trials.total)}, each one ${isListed ? "optimizer" : "setting"} with one seed`;
  return html`<${Section} title="Trials" note=${note}>
    <${Read} remote=${list.remote} what="trials">${() => html`<${Table} list=${list} notes=${notes} total=${job.trials.total} sort=${sort} hasLooks=${isListed} best=${job.trials.total > 1 ? preview : undefined} />
      ${!isComplete && rows.length > 0 && html`<p class="sub">${count(rows.length)} of ${count(job.trials.total)} are here, ${sort ? `by ${sort.replace("-", "").replaceAll("_", " ")}` : "in order"}; scroll on for more.</p>`}
      ${list.moreProblem && html`<${ProblemFace} problem=${list.moreProblem} onRetry=${list.more} />`}
      ${notes.length > 0 && html`<ol class="sub footnotes">${notes.map((text) => html`<li key=${text}>${text}</li>`)}</ol>`}`}<//>
  <//>`;
}

/**
 * @param {{ list: ReturnType<typeof useTrialList>, notes: readonly string[], total: number, sort: string, hasLooks: boolean,
 *   best: Preview | undefined }} props hasLooks: whether each optimizer has a colour of its own; best: names the best trial
 */
function Table({ list, notes, total, sort, hasLooks, best }) {
  const { rows } = list;
  const metrics = METRICS.filter(([name]) => rows.some((trial) => trial.summary?.metrics[name]));
  const isJudged = metrics.length > 0;
  return html`<div class="table-scroll rows-box" tabindex="0" role="group" aria-label="Rows of the trials"><table class="table trials" aria-rowcount=${total + 1}><thead><tr aria-rowindex="1">
      <th>Optimizer</th><${Sortable} name="seed" sort=${sort}>Seed<//><th>State</th>
      <${Sortable} name="steps_done" sort=${sort}>Steps<//>${metrics.map(([name, word]) => html`<${Sortable} key=${name} name=${name} sort=${sort}>${word}<//>`)}
      <${Sortable} name="final_loss" sort=${sort}>${isJudged ? "Last batch" : "Final loss"}<//><${Sortable} name="best_loss" sort=${sort}>${isJudged ? "Best batch" : "Best loss"}<//><th class="num">at step</th><${Sortable} name="wall_seconds" sort=${sort}>Took<//>
    </tr></thead>
    <${VirtualBody} rows=${rows} rowHeight=${ROW_REM} onNearEnd=${list.more} onShown=${list.onShown}
      render=${(/** @type {Shown} */ trial, /** @type {number} */ place) => html`<${Row} key=${trial.id} trial=${trial} place=${place} metrics=${metrics} note=${noteOf(trial, notes)} best=${best?.trial_id === trial.id ? best.metric : null} hasLook=${hasLooks} />`} />
  </table></div>`;
}

/** What is to be known of trials, each remark once. @param {readonly Shown[]} trials @returns {string[]} */
export const notesOf = (trials) => [...new Set(trials.flatMap(({ summary }) => (summary?.notes.length ? [summary.notes.join(" ")] : [])))];

/** Number of a trial's remark; 0 for none. @param {Shown} trial @param {readonly string[]} notes */
const noteOf = ({ summary }, notes) => (summary?.notes.length ? notes.indexOf(summary.notes.join(" ")) + 1 : 0);

/** @param {{ name: string, sort: string, children?: import("../../core/ui.js").Children }} props */
const Sortable = ({ name, sort, children }) => html`<th class="num" aria-sort=${sort === name ? "ascending" : sort === `-${name}` ? "descending" : undefined}>
  <button type="button" onClick=${() => setQuery({ sort: sort === name ? `-${name}` : sort === `-${name}` ? null : name })}>${children}${sort === name ? " ↑" : sort === `-${name}` ? " ↓" : ""}</button></th>`;

/**
 * @param {{ trial: Shown, place: number, metrics: typeof METRICS, note: number, best: string | null, hasLook: boolean }} props note: number of
 *   its remark; best: the metric by which it is the job's best
 */
function Row({ trial, place, metrics, note, best, hasLook }) {
  const { summary } = trial;
  const look = hasLook && trial.optimizer_index < MOST_NAMED ? lookOf(trial.optimizer_index, theme.value) : null;
  const kind = (/** @type {string} */ name) => (best === name ? "num best" : "num");
  return html`<tr aria-rowindex=${place + 2} style=${{ height: `${ROW_REM}rem` }}>
    <td class="one-line label-cell">${look && html`<${Swatch} look=${look} />`} ${trial.label}</td><td class="num">${trial.seed}</td>
    <td class="state-cell"><${State} state=${trial.state}>${trial.state === "diverged" && summary?.first_nonfinite_step != null ? `diverged at ${count(summary.first_nonfinite_step)}` : trial.state}<//>${note > 0 && html`<sup>${note}</sup>`}</td>
    <td class="num">${count(trial.steps_done)}</td>
    ${metrics.map(([name]) => html`<td key=${name} class=${kind(name)} title=${bestMetric(summary?.metrics[name])}>${number(summary?.metrics[name]?.final, 4)}</td>`)}
    <td class=${kind("final_loss")}>${number(summary?.final_loss, 6)}</td><td class=${kind("best_loss")}>${number(summary?.best_loss, 6)}</td><td class="num">${summary?.best_step == null ? "–" : count(summary.best_step)}</td>
    <td class="num">${duration(summary?.wall_seconds)}</td>
  </tr>`;
}

/** @param {import("../../core/api.js").Schemas["TrialMetric"] | undefined} metric */
const bestMetric = (metric) => (metric?.best == null ? undefined : `best ${number(metric.best, 4)}, first after epoch ${metric.best_epoch}`);
