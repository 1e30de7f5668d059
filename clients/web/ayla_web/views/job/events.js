/** What happened to a job, the newest first, and what happens while one looks. */

import { html } from "../../core/ui.js";
import { get, url } from "../../core/api.js";
import { clock } from "../../core/format.js";
import { useRemote } from "../../core/remote.js";
import { isState } from "../../live/changes.js";
import { Section } from "../../parts/basics.js";
import { Read } from "../../parts/faces.js";
import { happenings, toldOf } from "./happenings.js";

/** @typedef {import("../../core/api.js").Schemas} Schemas @typedef {import("./view.js").Job} Job */

/** Attempts that are shown, the newest. */
const MOST = 50;

/** @param {{ job: Job }} props */
export function Events({ job }) {
  const address = url(`/v1/jobs/${job.id}/attempts`, { sort: "-started_at", limit: MOST });
  const remote = useRemote(address, (signal) => get(address, { signal }), { refreshOn: (event) => (event.event === "progress" || isState(event)) && event.data.job_id === job.id, leastMs: 1000 });
  return html`<${Section} title="Events"><${Read} remote=${remote} what="attempts">${(/** @type {Schemas["AttemptPage"]} */ { data, next_cursor: more }) => {
    const all = happenings(job, data);
    return html`<p class="unseen" role="status">${toldOf(all)}</p>
      <div class="events" role="group" aria-label="Events of this job" tabindex="0"><ol>
        ${all.map((one) => html`<li key=${one.key} class=${one.bad ? "bad" : ""}><time datetime=${one.at}>${clock(one.at, { seconds: true })}</time><span>${one.text}${one.detail && html`<span class="sub"> ${one.detail}</span>`}</span></li>`)}
      </ol></div>
      ${more && html`<p class="sub">The newest ${MOST} attempts; <a href=${`/v1/jobs/${job.id}/attempts?limit=1000`}>all of them in the API</a></p>`}`;
  }}<//><//>`;
}
