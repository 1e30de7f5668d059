/** What the job would be, as the service tells while one types; and the same job as code. */

import { ApiProblem, get, read, send } from "../../core/api.js";
import { clock, count, counted, duration, short } from "../../core/format.js";
import { useRemote } from "../../core/remote.js";
import { query, setQuery } from "../../core/router.js";
import { hasKey, may } from "../../core/session.js";
import { html, useEffect, useState } from "../../core/ui.js";
import { isState } from "../../live/changes.js";
import { Choice } from "../../parts/basics.js";
import { CopyButton } from "../../parts/copy.js";
import { asCommand, asCurl, asJson, asPython } from "./code.js";
import { controlId } from "./fields.js";

/** @typedef {import("../../core/api.js").Schemas} Schemas @typedef {{ state: "checking" | "good" | "wrong" | "away", validation: Schemas["Validation"] | null, problem: ApiProblem | null }} Checked */

/** Time without typing after which the draft is checked. */
const CHECK_AFTER_MS = 350;

/** @type {Checked} */
const UNCHECKED = { state: "checking", validation: null, problem: null };

/** Of who may not submit nothing is checked. @type {Checked} */
const NOT_ASKED = { ...UNCHECKED, state: "wrong" };

/** What the service says of a draft; it is asked when typing pauses. @param {import("./draft.js").Draft} draft @returns {Checked} */
export function useChecked(draft) {
  const [checked, setChecked] = useState(UNCHECKED);
  const text = JSON.stringify(draft);
  const isAllowed = may("submit");
  useEffect(() => {
    if (!isAllowed) return setChecked(NOT_ASKED);
    const abort = new AbortController();
    setChecked((before) => ({ ...before, state: "checking" }));
    const timer = setTimeout(async () => {
      try {
        const answer = await send("POST", "/v1/jobs:validate", { body: JSON.parse(text), signal: abort.signal });
        setChecked({ state: "good", validation: await read(answer), problem: null });
      } catch (error) {
        if (abort.signal.aborted || !(error instanceof ApiProblem)) return;
        setChecked({ state: error.isPassing ? "away" : "wrong", validation: null, problem: error });
      }
    }, CHECK_AFTER_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [text, isAllowed]);
  return checked;
}

/** @param {{ checked: Checked, onSubmit: () => void, isSending: boolean }} props */
export function Review({ checked, onSubmit, isSending }) {
  const { state, validation, problem } = checked;
  const isAllowed = may("submit");
  return html`<section class="review" aria-label="What it will be" aria-busy=${state === "checking"}>
    <p class="review-state" role="status" data-state=${state}>${stateText(checked)}</p>
    ${problem && html`<ul class="review-errors">${problem.errors.map((error) => html`<li key=${error.pointer + error.detail}><a href=${`#${controlId(pathOf(error.pointer))}`} onClick=${(/** @type {Event} */ event) => goTo(event, error.pointer)}>${placeOf(error.pointer)}</a> ${error.detail}</li>`)}</ul>
      ${!problem.errors.length && html`<p class="sub">${problem.message}</p>`}`}
    ${validation && html`<div class=${state === "checking" ? "stale" : ""}><${Cost} validation=${validation} /></div>`}
    <div class="actions"><button type="button" class="button primary" disabled=${!isAllowed || state === "wrong" || isSending} onClick=${onSubmit}>${isSending ? "Submitting …" : "Submit"}</button>
      ${!isAllowed && html`<span class="sub">Your key only reads: copy the code, or sign in with another key.</span>`}</div>
  </section>`;
}

/** @param {Checked} checked */
function stateText({ state, problem }) {
  if (state === "checking") return "Checking …";
  if (state === "good") return "✓ Ready to run";
  if (state === "away") return "The service does not answer";
  // Without a field to correct it is not about the job: the key may not do this, or there were too many requests.
  return problem?.errors.length ? `✕ ${counted(problem.errors.length, "thing")} to correct` : "✕ Not checked";
}

/** @param {string} pointer */
const pathOf = (pointer) => pointer.split("/").slice(1).map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));

/** @param {string} pointer @returns {string} "optimizer 1, learning rate" */
function placeOf(pointer) {
  const path = pathOf(pointer);
  if (!path.length) return "The job:";
  const words = path[0] === "optimizers" && path.length > 1 ? [`optimizer ${Number(path[1]) + 1}`, ...path.slice(2)] : path;
  return `${words.map((word) => word.replaceAll("_", " ")).join(", ")}:`;
}

/** The control that an error is about, or the one around it. @param {Event} event @param {string} pointer */
function goTo(event, pointer) {
  event.preventDefault();
  for (let path = pathOf(pointer); path.length; path = path.slice(0, -1)) {
    const control = document.getElementById(controlId(path));
    if (!control) continue;
    for (let box = control.closest("details"); box; box = box.parentElement?.closest("details") ?? null) box.open = true;
    control.focus();
    return;
  }
}

/** @param {{ validation: Schemas["Validation"] }} props */
function Cost({ validation }) {
  const { trials, settings, steps_total: steps, estimated_seconds: seconds, arms } = validation;
  return html`<dl class="facts">
      <div><dt>Trials</dt><dd>${count(trials)} <small>${counted(settings, "setting")} × ${counted(validation.resolved.seeds.length, "seed")}</small></dd></div>
      <div><dt>Steps in all</dt><dd>${count(steps)}</dd></div>
      <div><dt>Computing time</dt><dd>${seconds < 0.1 ? "under 0.1 s" : duration(seconds)} <small>of one core, roughly</small></dd></div>
      <div><dt>Starts</dt><dd><${Starts} /></dd></div>
    </dl>
    <details class="more"><summary>${counted(arms.length, "arm")}</summary><ul class="arms-preview">${arms.map((arm, place) => html`<li key=${place}><strong>${arm.arm}</strong> <span class="sub">${counted(arm.settings, "setting")}</span>
      ${arm.axes.length > 0 && html`<span class="sub">${arm.axes.map(({ path, points }) => `${path}${points ? `: ${points}` : ""}`).join(", ")}; first ${arm.first.map((point) => Object.values(point).map((value) => short(/** @type {number} */ (value), 4)).join(" ")).join(" | ")}</span>`}</li>`)}</ul></details>`;
}

/** When a job that is submitted now would start. */
function Starts() {
  const queue = useRemote("queue", (signal) => /** @type {Promise<Schemas["Queue"]>} */ (get("/v1/queue", { signal })), { refreshOn: (event) => isState(event), leastMs: 2000 });
  if (!queue.data) return html`–`;
  const { workers, next, paused_at: paused, draining_at: draining } = queue.data;
  if (draining) return html`not now <small>the queue takes no new jobs</small>`;
  if (paused) return html`later <small>the queue is paused</small>`;
  if (!next.length && workers.idle) return html`at once <small>${counted(workers.idle, "idle worker")}</small>`;
  if (!workers.idle && !workers.busy && !workers.busy_for_others) return html`later <small>no worker is there</small>`;
  const last = next.map((job) => job.estimated_finish).filter((at) => at !== null).sort().at(-1);
  return html`${next.length ? `after ${counted(next.length, "job")}` : "soon"} <small>${last ? `the last of them done at about ${clock(last)}` : `${counted(workers.busy, "busy worker")}`}</small>`;
}

const LANGUAGES = /** @type {const} */ ([["python", "Python"], ["cli", "Command line"], ["curl", "curl"], ["json", "JSON"]]);

/** @param {{ draft: import("./draft.js").Draft }} props */
export function Code({ draft }) {
  const chosen = LANGUAGES.find(([one]) => one === query.value.get("code"))?.[0] ?? "python";
  const text = chosen === "python" ? asPython(draft, location.origin, hasKey.value) : chosen === "cli" ? asCommand(draft, location.origin, hasKey.value) : chosen === "curl" ? asCurl(draft, location.origin, hasKey.value) : asJson(draft);
  return html`<section class="code" aria-label="The same job as code"><div class="toolbar">
      <${Choice} name="Language" value=${chosen} options=${LANGUAGES} onChange=${(/** @type {string} */ next) => setQuery({ code: next === "python" ? null : next })} />
      <${CopyButton} text=${text} name=${LANGUAGES.find(([one]) => one === chosen)?.[1] ?? ""} /></div>
    <pre tabindex="0" aria-label="Code"><code>${text}</code></pre></section>`;
}
