/** How the job runs: budget, seeds, how settings are chosen, what is recorded, and what it is called. */

import { html } from "../../core/ui.js";
import { Choice } from "../../parts/basics.js";
import { hasAxis, seedsOf, seedsText } from "./draft.js";
import { FieldControl, Fields, Labelled, NumberText, TextControl, useForm } from "./fields.js";
import { fieldOf } from "./schema.js";

export function BudgetPart() {
  const { draft, edit } = useForm();
  const isData = draft.problem?.type !== "expression";
  const unit = draft.budget && "epochs" in draft.budget ? "epochs" : "steps";
  return html`<div class="form-fields">
    <${Labelled} path=${["budget", unit]} name="Budget of a trial" hint="Updates of a trial; for datasets also passes over the data."><span class="axis-control"><${NumberText} path=${["budget", unit]} placeholder=${draft.problem?.type === "preset" ? "the experiment's" : ""} />
      ${isData ? html`<${Choice} name="Unit of the budget" value=${unit} options=${[["steps", "steps"], ["epochs", "epochs"]]} onChange=${(/** @type {string} */ next) => edit(["budget"], { [next]: draft.budget?.[unit] })} />` : html`<span class="sub">steps</span>`}</span><//>
    <${Labelled} path=${["seeds"]} name="Seeds" hint="Numbers and ranges: each setting runs once with each. More seeds make a verdict surer: six at least for an interval of 95 %.">
      <${TextControl} path=${["seeds"]} read=${(/** @type {string} */ text) => seedsOf(text)} write=${seedsText} size=${22} placeholder="0-9" /><//>
  </div>`;
}

export function SearchPart() {
  const { draft, root } = useForm();
  if (!hasAxis(draft.optimizers) && !hasAxis(draft.problem) && !draft.search) return null;
  return html`<section class="form-section" aria-label="Search"><h2>Search</h2><p class="sub">${root.properties.search.description}</p>
    <${Fields} path=${["search"]} schema=${fieldOf(root.properties.search, root).schema} without=${["library"]} first=${["design"]} /></section>`;
}

/** Fields with a place of their own in the form, and one that changes nothing. */
const PLACED = ["problem", "optimizers", "budget", "seeds", "search", "name", "project", "preset"];

export function NamesPart() {
  const { root } = useForm();
  return html`<${Fields} path=${[]} schema=${root} only=${["name", "project"]} />`;
}

export function RunPart() {
  const { draft, root } = useForm();
  const rest = Object.keys(root.properties).filter((name) => !PLACED.includes(name));
  const set = rest.filter((name) => draft[name] !== undefined).length;
  return html`<details class="more" open=${set > 0 || undefined}><summary>Notes, priority, record, device and limits</summary>
    <div class="form-fields">${rest.map((name) => html`<${FieldControl} key=${name} path=${[name]} name=${name} field=${fieldOf(root.properties[name], root)} />`)}</div></details>`;
}

