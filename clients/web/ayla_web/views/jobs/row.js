/** Row of a job in the list. */

import { html } from "../../core/ui.js";
import { count, nameOf, number } from "../../core/format.js";
import { isOpen } from "../../live/changes.js";
import { Sparkline } from "../../charts/sparkline.js";
import { Ago, Progress, State, Tags, stateOf, trialsInWords } from "../../parts/basics.js";
import { JobActions } from "../../parts/job-actions.js";

/** @typedef {import("../../live/changes.js").LiveJob} LiveJob @typedef {import("../../live/previews.js").Preview} Preview */

/** Height of a row, which the list has to know. */
export const ROW_REM = 3.25;

export const RowHead = () => html`<div role="rowgroup"><div class="jobs-row jobs-head" role="row">
  ${[["check", "Select", true], ["state", "State"], ["name", "Job"], ["best", "Best so far"], ["spark", "Its loss", true], ["progress", "Progress"], ["trials", "Trials"], ["owner", "Owner"], ["tags", "Project, tags"], ["when", "Submitted"], ["actions", "Actions", true]].map(([area, word, isUnseen]) => html`<span key=${area} class=${`jobs-${area}`} role="columnheader">${isUnseen ? html`<span class="unseen">${word}</span>` : word}</span>`)}
</div></div>`;

/** @param {{ job: LiveJob, place: number, preview: Preview | undefined, isSelected: boolean, onSelect: (id: string, isOn: boolean) => boolean }} props */
export function JobRow({ job, place, preview, isSelected, onSelect }) {
  const name = nameOf(job, preview?.title);
  /** @param {Event} event */
  const onChange = (event) => {
    const box = /** @type {HTMLInputElement} */ (event.target);
    if (!onSelect(job.id, box.checked)) box.checked = isSelected;
  };
  return html`<div class=${isSelected ? "jobs-row selected" : "jobs-row"} role="row" aria-rowindex=${place + 2} style=${{ height: `${ROW_REM}rem` }}>
    <span class="jobs-check" role="cell"><input type="checkbox" aria-label=${`Select ${name}`} checked=${isSelected} onChange=${onChange} /></span>
    <span class="jobs-state" role="cell"><${State} state=${stateOf(job)} /></span>
    <span class="jobs-name" role="cell"><a class="cell-text" href=${`/jobs/${job.id}`}>${name}</a>
      <span class="sub cell-text">${job.status_detail ?? job.error?.detail ?? (job.name ? preview?.title : "") ?? ""}</span></span>
    <span class="jobs-best" role="cell"><${Best} preview=${preview} /></span>
    <span class="jobs-spark" role="cell"><${Sparkline} values=${preview?.sparkline ?? []} /></span>
    <span class="jobs-progress" role="cell"><${Progress} fraction=${job.progress.fraction} label=${`Progress of ${name}`} done=${!isOpen(job)} /></span>
    <span class="jobs-trials" role="cell" title=${trialsInWords(job.trials)}>${count(job.trials.total)}${job.trials.diverged > 0 && html`<span class="diverged" title=${`${job.trials.diverged} diverged`}> ✖${count(job.trials.diverged)}</span>`}</span>
    <span class="jobs-owner cell-text" role="cell">${job.owner}</span>
    <span class="jobs-tags cell-text" role="cell"><${Tags} tags=${job.tags} project=${job.project} /></span>
    <span class="jobs-when" role="cell"><${Ago} at=${job.created_at} /></span>
    <span class="jobs-actions" role="cell"><${JobActions} isCompact job=${job} title=${preview?.title} /></span>
  </div>`;
}

/** @param {{ preview: Preview | undefined }} props */
const Best = ({ preview }) => !preview || preview.value === null
  ? html`<span class="sub">–</span>`
  : html`<span class="value">${number(preview.value)}</span><span class="sub cell-text" title=${preview.label ?? ""}>${preview.metric.replaceAll("_", " ")}${preview.label && `, ${preview.label}`}</span>`;
