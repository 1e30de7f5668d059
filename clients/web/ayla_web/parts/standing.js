/** How jobs stand whose numbers a view shows: while one is open these are of so far. */

import { count, percent } from "../core/format.js";
import { html } from "../core/ui.js";
import { isOpen, shareOf } from "../live/changes.js";
import { State, stateOf } from "./basics.js";

/** @typedef {import("../live/changes.js").LiveJob} LiveJob */

/** @param {{ jobs: readonly LiveJob[] | undefined }} props one job, or several with what is open of them */
export function Standing({ jobs = [] }) {
  const open = jobs.filter(isOpen);
  const [first] = open.length ? open : jobs;
  if (!first || (jobs.length > 1 && !open.length)) return null;
  return html`<span class="standing"><${State} state=${stateOf(first)}>${jobs.length > 1 ? `${count(open.length)} of ${count(jobs.length)} jobs open` : stateOf(first)}<//>
    ${open.length > 0 && html`<span class="sub">${percent(shareOf(jobs))}, numbers so far</span>`}</span>`;
}
