/** Where to begin: the paper's four experiments by one click, and how they go. */

import { html } from "../../core/ui.js";
import { get, post } from "../../core/api.js";
import { counted } from "../../core/format.js";
import { query, setQuery } from "../../core/router.js";
import { useRemote } from "../../core/remote.js";
import { may } from "../../core/session.js";
import { isOpen, isState } from "../../live/changes.js";
import { useJob } from "../../live/jobs.js";
import { Heading, Progress, State, stateOf } from "../../parts/basics.js";
import { Read } from "../../parts/faces.js";
import { attempt } from "../../parts/notices.js";
import { JobCurves } from "../job/curves.js";
import { NoWorker } from "./workers.js";

/** @typedef {import("../../core/api.js").Schemas["PresetEntry"]} Preset @typedef {import("../../core/api.js").Schemas["Queue"]} Queue */

/** Those that need no download and take seconds. */
const OFFERED = /** @type {const} */ (["poly-sgd", "poly-adam", "curve-a", "curve-b"]);

export function Start() {
  const catalogue = useRemote("presets", async (signal) => /** @type {Preset[]} */ ((await get("/v1/catalogue", { signal })).presets));
  const started = (query.value.get("started") ?? "").split(",").filter(Boolean);
  /** @param {readonly string[]} presets */
  const run = (presets) => attempt(async () => {
    const made = await post("/v1/jobs:bulk", { jobs: presets.map((preset) => ({ problem: { type: "preset", preset } })) });
    setQuery({ started: [...started, ...made.data.map((/** @type {{ id: string, preset: string }} */ job) => `${job.preset}:${job.id}`)].join(",") }, { replace: false });
  });
  const jobs = new Map(started.map((entry) => /** @type {[string, string]} */ (entry.split(":"))));
  const isAll = OFFERED.every((preset) => jobs.has(preset));
  return html`<${Heading} text=${jobs.size ? "The paper's experiments" : "Nothing has run yet"}>
      ${may("submit") && !isAll && html`<button type="button" class="button primary" onClick=${() => run(OFFERED.filter((preset) => !jobs.has(preset)))}>Run all four</button>`}
      ${jobs.size > 0 && html`<a class="button" href="/">Go to the queue</a>`}
    <//>
    <p class="lead">${jobs.size ? "Curves move as steps are stored. Open one for its numbers and events." : "AYLA raises the loss to a power before each update. These four experiments of its paper take seconds here; each compares an optimizer with and without it."}
      ${!may("submit") && " Your role may look and not submit: ask a member of your team to start one."}</p>
    ${jobs.size > 0 && html`<${WithoutWorker} />`}
    <${Read} remote=${catalogue} what="the experiments">${(/** @type {Preset[]} */ presets) => html`<ul class="experiments">
      ${OFFERED.map((name) => presets.find((preset) => preset.name === name)).map((preset) => preset && html`<${Experiment} key=${preset.name} preset=${preset} jobId=${jobs.get(preset.name)} onRun=${() => run([preset.name])} />`)}
    </ul>`}<//>`;
}

/** Why nothing of what was started moves. */
function WithoutWorker() {
  const queue = useRemote("queue", (signal) => /** @type {Promise<Queue>} */ (get("/v1/queue", { signal })), { refreshOn: (event) => isState(event), leastMs: 2000 });
  const workers = queue.data?.workers;
  return workers && !workers.idle && !workers.busy && !workers.busy_for_others ? html`<${NoWorker} />` : null;
}

/** @param {{ preset: Preset, jobId: string | undefined, onRun: () => void }} props */
const Experiment = ({ preset, jobId, onRun }) => html`<li class="experiment">
  <h2>${preset.title}</h2>
  <p class="sub">Section ${preset.paper_section} · ${counted(preset.spec.optimizers.length, "optimizer")}: ${preset.spec.optimizers.map((one) => one.label).join(", ")} · ${counted(preset.spec.budget.steps, "step")}</p>
  ${jobId ? html`<${Running} id=${jobId} title=${preset.title} />` : may("submit") && html`<div><button type="button" class="button" onClick=${onRun}>Run</button></div>`}
</li>`;

/** @param {{ id: string, title: string }} props */
function Running({ id, title }) {
  const remote = useJob(id);
  return html`<${Read} remote=${remote} what="job">${(/** @type {any} */ job) => html`
    <div class="experiment-state"><${State} state=${stateOf(job)} /><${Progress} fraction=${job.progress.fraction} label=${`Progress of ${title}`} done=${!isOpen(job)} /><a href=${`/jobs/${id}`} aria-label=${`Open: ${title}`}>Open</a>${job.state === "succeeded" && html`<a href=${`/jobs/${id}/verdict`} aria-label=${`Verdict: ${title}`}>Verdict</a>`}</div>
    <${JobCurves} job=${job} column="loss" height=${210} isSmall />`}<//>`;
}
