/** A job whose settings are too many for a curve each: what all of them reach, and how the best of each arm go. */

import { get } from "../../core/api.js";
import { counted, number } from "../../core/format.js";
import { useRemote } from "../../core/remote.js";
import { theme } from "../../core/theme.js";
import { inTurn } from "../../core/turns.js";
import { html } from "../../core/ui.js";
import { isOpen } from "../../live/changes.js";
import { Section } from "../../parts/basics.js";
import { Read } from "../../parts/faces.js";
import { Name } from "../../parts/name.js";
import { metricInWords } from "../verdict/figures.js";
import { BestCurves, BestOf } from "./best-curves.js";
import { Panels } from "./panels.js";
import { Values } from "./values.js";

/** @typedef {import("./view.js").Job} Job @typedef {import("../../core/api.js").Schemas} Schemas */

/** All results of a job are read for an answer about its settings, so a running one is not asked about at each event. */
const AGAIN_MS = 3000;

/** Arms that are named one by one. */
const MOST_NAMED = 12;

/** @param {{ job: Job }} props */
export function Sweep({ job }) {
  const path = `/v1/jobs/${encodeURIComponent(job.id)}/best`;
  const isOwn = (/** @type {import("../../live/follower.js").LiveEvent} */ { event, data }) => data?.job_id === job.id && (event === "state" || event === "end" || event === "progress");
  /** @type {import("../../core/remote.js").Remote<Schemas["BestAnswer"]>} */
  const best = useRemote(path, (signal) => inTurn(signal, () => /** @type {Promise<Schemas["BestAnswer"]>} */ (get(path, { signal }))), { refreshOn: isOwn, leastMs: AGAIN_MS });
  return html`<${Read} remote=${best} what="the best settings">${(/** @type {Schemas["BestAnswer"]} */ answer) => html`<div class="section wide-gap">
      <${Section} title="What all settings reach" note=${noteOf(answer)} end=${html`<a class="button small" href=${`/jobs/${job.id}/sweep`}>Heat map and table</a>`}>
        <${Values} answer=${answer} theme=${theme.value} />
        <${Bests} answer=${answer} />
      <//>
      <${BestOf.Provider} value=${answer}><${Panels} job=${job} title="Curves of the best" note=${isOpen(job) ? "the best setting of each arm so far" : "the best setting of each arm"} Lines=${BestCurves} /><//>
    </div>`}<//>`;
}

/** @param {Schemas["BestAnswer"]} answer */
function noteOf({ metric, seeds, over_seeds: rule, settings, best }) {
  const ended = best.reduce((sum, one) => sum + one.selected_among, 0);
  const over = seeds > 1 ? `, ${rule} of ${counted(seeds, "seed")}` : "";
  return `${metricInWords(metric)}${over}; ${ended < settings ? `${counted(ended, "setting")} of ${settings} so far` : counted(settings, "setting")}`;
}

/** @param {{ answer: Schemas["BestAnswer"] }} props */
const Bests = ({ answer }) => html`<ul class="best-lines">${answer.best.slice(0, MOST_NAMED).map((one) => html`<li key=${one.arm ?? ""}>
  <strong><${Name} text=${one.arm ?? "No arm"} /></strong>
  ${one.setting
    ? html`<span class="num">${number(one.value, 5)}</span> <span class="sub"><${Name} text=${one.setting.label} />, best of ${counted(one.selected_among, "setting")}${one.diverged > 0 && `, ${one.diverged} diverged`}</span>`
    : html`<span class="sub">${one.selected_among ? "all diverged" : "nothing has ended yet"}</span>`}
</li>`)}</ul>`;
