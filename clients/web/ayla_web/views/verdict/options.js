/** What the verdict is asked for: metric, baseline, confidence, and seeds to tune on. All of it stands in the address. */

import { counted, short } from "../../core/format.js";
import { query, setQuery } from "../../core/router.js";
import { html, useEffect, useState } from "../../core/ui.js";
import { Choice } from "../../parts/basics.js";
import { seedsText } from "../new/draft.js";
import { metricInWords, namesOf } from "./figures.js";
import { firstOf } from "./first.js";
import { halves } from "./request.js";

/** @typedef {import("../../core/api.js").Schemas} Schemas */

const CONFIDENCES = ["0.8", "0.9", "0.95", "0.99"];
const METRICS = ["test_loss", "test_accuracy", "full_train_loss", "full_train_accuracy", "final_loss", "best_loss", "gap", "area_under_curve", "steps_to_target", "epochs_to_target"];

/** Metrics that some setting has a value of. @param {Schemas["JobsComparison"] | undefined} answer */
const recorded = (answer) => METRICS.filter((metric) => answer?.problems.some((problem) => problem.optimizers.some((one) => /** @type {any} */ (one)[metric] != null)));

/** @param {{ answer: Schemas["JobsComparison"] | undefined, seeds: readonly number[] }} props */
export function Options({ answer, seeds }) {
  const given = query.value;
  const metrics = [...new Set([...recorded(answer), given.get("metric") ?? ""])].filter(Boolean);
  const names = answer ? namesOf(answer) : [];
  const shown = firstOf(names);
  const baseline = given.get("baseline") ?? "";
  return html`<form class="toolbar options" onSubmit=${(/** @type {Event} */ event) => event.preventDefault()} aria-label="How to compare">
    <label class="named-choice">By <select class="field" value=${given.get("metric") ?? ""} onChange=${change("metric")}>
      <option value="">${answer ? `${metricInWords(answer.metric)} (default)` : "the default"}</option>
      ${metrics.map((metric) => html`<option key=${metric} value=${metric}>${metricInWords(metric)}</option>`)}</select></label>
    <label class="named-choice">Against <select class="field baseline" value=${baseline} onChange=${change("baseline")}>
      <option value="">the same without AYLA</option>
      ${[...new Set([...shown, ...(baseline ? [baseline] : [])])].map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
      ${shown.length < names.length && html`<option disabled>${counted(names.length - shown.length, "other")}: “Show all” below</option>`}</select></label>
    <label class="named-choice">Confidence <select class="field" value=${given.get("confidence") ?? "0.95"} onChange=${(/** @type {any} */ event) => setQuery({ confidence: event.currentTarget.value === "0.95" ? null : event.currentTarget.value })}>
      ${CONFIDENCES.map((one) => html`<option key=${one} value=${one}>${Math.round(Number(one) * 100)} %</option>`)}</select></label>
    ${answer?.problems.some((problem) => !problem.mini_batches) && html`<label class="named-choice">Least loss <input class="field least" inputmode="decimal" size="7" value=${given.get("minimum") ?? ""} placeholder=${least(answer)} onChange=${change("minimum")} /></label>`}
    <${Choice} name="Differences" shown value=${given.get("scale") ?? "auto"} options=${SCALES} onChange=${(/** @type {string} */ value) => setQuery({ scale: value === "auto" ? null : value })} />
    <${Protocol} tune=${given.get("tune") ?? ""} confirm=${given.get("confirm") ?? ""} seeds=${seeds} />
  </form>`;
}

const SCALES = /** @type {const} */ ([["auto", "auto"], ["linear", "linear"], ["log", "log"]]);

/** The least possible loss where the service knows it, which the gap is to. @param {Schemas["JobsComparison"]} answer */
const least = ({ problems }) => short(problems.find(({ minimum }) => minimum !== null)?.minimum ?? null);

/** @param {string} name */
const change = (name) => (/** @type {any} */ event) => setQuery({ [name]: event.currentTarget.value });

/** Tune on some seeds, compare on others. @param {{ tune: string, confirm: string, seeds: readonly number[] }} props */
function Protocol({ tune, confirm, seeds }) {
  const [draft, setDraft] = useState({ tune, confirm });
  useEffect(() => setDraft({ tune, confirm }), [tune, confirm]);
  const isOn = Boolean(tune && confirm);
  const suggested = halves(seeds);
  const set = (/** @type {{ tune: string, confirm: string }} */ next) => setQuery({ tune: next.tune, confirm: next.confirm, baseline: null }, { replace: false });
  if (!isOn) {
    return suggested && html`<button type="button" class="button" onClick=${() => set({ tune: seedsText(suggested.tune), confirm: seedsText(suggested.confirm) })}
      title="Select the best setting of each arm on the first third of the seeds, and compare the selected ones on the others">Compare tuned arms</button>`;
  }
  const field = (/** @type {"tune" | "confirm"} */ name, /** @type {string} */ word) => html`<label class="named-choice">${word} <input class="field seeds" value=${draft[name]} size="9" spellcheck=${false}
    onInput=${(/** @type {any} */ event) => setDraft({ ...draft, [name]: event.currentTarget.value })} onChange=${() => draft.tune && draft.confirm && set(draft)} /></label>`;
  return html`${field("tune", "Tuned on seeds")}${field("confirm", "compared on seeds")}
    <button type="button" class="button quiet" onClick=${() => set({ tune: "", confirm: "" })}>Setting by setting</button>
    ${seeds.length > 0 && html`<span class="sub">${counted(seeds.length, "seed")}: ${seedsText(seeds)}</span>`}`;
}
