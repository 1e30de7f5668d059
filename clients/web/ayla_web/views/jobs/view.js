/** Jobs: find your work, see how it went, and choose several to compare. */

import { html, useLayoutEffect, useMemo, useState } from "../../core/ui.js";
import { count, counted } from "../../core/format.js";
import { address, leftAt, query, setQuery } from "../../core/router.js";
import { useJobList } from "../../live/job-list.js";
import { MOST, usePreviews } from "../../live/previews.js";
import { Heading } from "../../parts/basics.js";
import { Empty, Loading, ProblemFace } from "../../parts/faces.js";
import { tell } from "../../parts/notices.js";
import { VirtualRows } from "../../parts/virtual.js";
import { Filters, isFiltered } from "./filters.js";
import { JobRow, ROW_REM, RowHead } from "./row.js";

/** @typedef {import("../../live/changes.js").LiveJob} LiveJob */

/** Rows whose previews are asked for together. */
const CHUNK = 25;

/** Jobs that can be compared at once. */
const MOST_SELECTED = 20;

const FILTERS = ["q", "state", "owner", "project", "tag", "optimizer", "archived", "sort"];

export function View() {
  const given = query.value;
  const filter = Object.fromEntries(FILTERS.flatMap((name) => (given.get(name) ? [[name, given.get(name)]] : [])));
  const list = useJobList(filter, leftAt() !== null);
  const [shown, setShown] = useState({ first: 0, end: 50 });
  useLayoutEffect(() => {
    const far = leftAt();
    if (far !== null && list.jobs.length) scrollTo(0, far);
  }, []);
  const seen = useMemo(() => list.jobs.slice(shown.first, shown.end).map((job) => job.id), [list.jobs, shown]);
  const previews = usePreviews(seen);
  const selected = (given.get("selected") ?? "").split(",").filter(Boolean);
  /** @param {string} id @param {boolean} isOn @returns {boolean} whether it is as wanted now */
  const select = (id, isOn) => {
    if (isOn && selected.length >= MOST_SELECTED) return tell(`No more than ${MOST_SELECTED} jobs are compared at once: take one out first.`), false;
    setQuery({ selected: (isOn ? [...selected, id] : selected.filter((one) => one !== id)).join(",") });
    return true;
  };
  /** @param {number} first @param {number} end */
  const onShown = (first, end) => {
    const start = Math.floor(first / CHUNK) * CHUNK;
    const stop = Math.min(start + MOST, Math.ceil(end / CHUNK) * CHUNK);
    if (start !== shown.first || stop !== shown.end) setShown({ first: start, end: stop });
  };
  const { remote, jobs } = list;
  const isFirst = !jobs.length && remote.isLoading;
  return html`<${Heading} text="Jobs" sub=${html`<span class="sub" role="status">${isFirst ? "" : `${counted(jobs.length, "job")}${list.isComplete ? "" : " so far"}`}</span>`}>
      <${Selected} ids=${selected} />
    <//>
    <${Filters} />
    ${remote.problem && !remote.problem.isPassing && html`<${ProblemFace} problem=${remote.problem} what="list" />`}
    ${isFirst ? html`<${Loading}>jobs …<//>` : jobs.length ? html`<div class=${remote.isStale ? "jobs stale" : "jobs"} role="table" aria-label="Jobs" aria-rowcount=${list.isComplete ? jobs.length + 1 : -1}>
      <${RowHead} />
      <${VirtualRows} label="Jobs" rows=${jobs} rowHeight=${ROW_REM} onNearEnd=${list.more} onShown=${onShown}
        render=${(/** @type {LiveJob} */ job, /** @type {number} */ place) => html`<${JobRow} key=${job.id} job=${job} place=${place} preview=${previews.get(job.id)} isSelected=${selected.includes(job.id)} onSelect=${select} />`} />
    </div>` : !remote.problem && html`<${None} />`}
    ${list.moreProblem && html`<${ProblemFace} problem=${list.moreProblem} onRetry=${list.more} />`}
    ${!list.isComplete && jobs.length > 0 && html`<p class="sub">${count(jobs.length)} are here; scroll on for more.</p>`}`;
}

/** @param {{ ids: readonly string[] }} props */
function Selected({ ids }) {
  if (!ids.length) return html`<span class="sub">Select several to compare.</span>`;
  return html`<span class="sub" role="status">${ids.length} selected</span>
    <button type="button" class="button quiet" onClick=${() => setQuery({ selected: null })}>Clear</button>
    <a class="button primary" href=${ids.length === 1 ? `/jobs/${ids[0]}/verdict` : address("/compare", { jobs: ids.join(",") })}>Compare</a>`;
}

const None = () => isFiltered()
  ? html`<${Empty} title="No job meets all conditions"><p>Archived jobs are left out unless you ask for them.</p><button type="button" class="button" onClick=${() => setQuery(Object.fromEntries(FILTERS.map((name) => [name, null])))}>Show all jobs</button><//>`
  : html`<${Empty} title="No jobs yet"><p>The first view offers the experiments of the paper by one click.</p><a class="button" href="/">Go there</a><//>`;
