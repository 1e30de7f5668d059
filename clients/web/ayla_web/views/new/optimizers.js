/** Optimizers of a job: each a setting, or as many as its axes make. */

import { html } from "../../core/ui.js";
import { counted } from "../../core/format.js";
import { errorsAt, valueAt } from "./draft.js";
import { FieldControl, Fields, Labelled, SelectControl, useForm } from "./fields.js";
import { fieldOf, fieldsOf, variantsOf } from "./schema.js";

/** Exponents that AYLA begins with. */
const FIRST_AYLA = { n1: 1, n2: 1.4 };

/** What stands open; everything else of an optimizer is under "More". */
const OPEN = ["learning_rate"];
const NAMES = ["label", "arm"];

/** The optimizers that there are. @param {import("./schema.js").Schema} root */
function membersOf(root) {
  const list = fieldOf(root.properties.optimizers, root).schema;
  return variantsOf(list.items ?? {}, root);
}

/** An optimizer with a number in each field that has to be given. @param {{ name: string, schema: import("./schema.js").Schema }} member @param {any} before @param {import("./schema.js").Schema} root */
function begun(member, before, root) {
  const known = new Set(fieldsOf(member.schema, root).map(([name]) => name));
  const kept = Object.fromEntries(Object.entries(before ?? {}).filter(([name]) => known.has(name) && name !== "label"));
  const missing = Object.fromEntries((member.schema.required ?? []).filter((/** @type {string} */ name) => !(name in kept)).map((/** @type {string} */ name) => [name, 0.01]));
  return { name: member.name, ...missing, ...kept };
}

export function OptimizersPart() {
  const { draft, edit, root, errors } = useForm();
  const own = draft.optimizers ?? [];
  const isPreset = draft.problem?.type === "preset";
  const members = membersOf(root);
  const first = members.find(({ name }) => name === "adam") ?? members[0];
  const add = (/** @type {unknown} */ one) => edit(["optimizers"], [...own, one]);
  const last = own.at(-1);
  return html`${isPreset && !own.length && html`<p class="sub">The experiment's own optimizers.</p>`}
    ${errorsAt(errors, ["optimizers"], false).map((error) => html`<p key=${error.detail} class="field-error">${error.detail}</p>`)}
    <ol class="optimizers">${own.map((/** @type {any} */ _, /** @type {number} */ place) => html`<${Optimizer} key=${place} place=${place} members=${members} />`)}</ol>
    <p class="actions">
      <button type="button" class="button" onClick=${() => add(first ? begun(first, undefined, root) : {})}>Add an optimizer</button>
      ${last && !last.ayla && html`<button type="button" class="button" onClick=${() => add({ ...last, label: undefined, ayla: FIRST_AYLA })}>Add the same with AYLA</button>`}
    </p>`;
}

/** @param {{ place: number, members: { name: string, schema: import("./schema.js").Schema, description: string }[] }} props */
function Optimizer({ place, members }) {
  const { draft, edit, root } = useForm();
  const path = ["optimizers", place];
  const value = valueAt(draft, path) ?? {};
  const member = members.find(({ name }) => name === value.name);
  const fields = member ? fieldsOf(member.schema, root) : [];
  const open = fields.filter(([name]) => OPEN.includes(name));
  const ayla = fields.find(([name]) => name === "ayla")?.[1];
  const rest = fields.filter(([name]) => !OPEN.includes(name) && name !== "ayla" && name !== "schedule");
  const set = rest.filter(([name]) => value[name] !== undefined && value[name] !== null).length;
  const schedule = fields.find(([name]) => name === "schedule")?.[1];
  const own = draft.optimizers ?? [];
  return html`<li class="optimizer" aria-label=${`Optimizer ${place + 1}`}>
    <div class="form-fields">
      <${Labelled} path=${[...path, "name"]} name="Optimizer" hint=${member?.description}><${SelectControl} path=${[...path, "name"]} options=${members.map(({ name }) => [name, name])}
        onChange=${(/** @type {string} */ next) => { const chosen = members.find(({ name }) => name === next); if (chosen) edit(path, begun(chosen, value, root)); }} /><//>
      ${open.map(([name, field]) => html`<${FieldControl} key=${name} path=${[...path, name]} name=${name} field=${field} />`)}
      <span class="actions optimizer-actions">
        <button type="button" class="button small quiet" onClick=${() => edit(["optimizers"], [...own.slice(0, place + 1), { ...value, label: undefined }, ...own.slice(place + 1)])} aria-label=${`Copy optimizer ${place + 1}`}>copy</button>
        <button type="button" class="button small quiet" onClick=${() => edit(path, undefined)} aria-label=${`Remove optimizer ${place + 1}`}>remove</button></span>
    </div>
    ${ayla && html`<div class="ayla"><label class="form-check"><input type="checkbox" checked=${Boolean(value.ayla)} onChange=${(/** @type {any} */ event) => edit([...path, "ayla"], event.currentTarget.checked ? FIRST_AYLA : undefined)} /> AYLA</label>
      ${value.ayla && html`<${Fields} path=${[...path, "ayla"]} schema=${ayla.schema} only=${["n1", "n2"]} />`}</div>`}
    <details class="more"><summary>More${set || value.schedule || hasMoreAyla(value) ? `: ${counted(set + (value.schedule ? 1 : 0) + (hasMoreAyla(value) ? 1 : 0), "choice")}` : ""}</summary>
      ${value.ayla && ayla && html`<${Fields} path=${[...path, "ayla"]} schema=${ayla.schema} without=${["n1", "n2"]} />`}
      <div class="form-fields">${rest.toSorted(([a], [b]) => Number(NAMES.includes(b)) - Number(NAMES.includes(a))).map(([name, field]) => html`<${FieldControl} key=${name} path=${[...path, name]} name=${name} field=${field} />`)}</div>
      ${schedule && html`<${FieldControl} path=${[...path, "schedule"]} name="schedule" field=${schedule} />`}
    </details>
  </li>`;
}

/** @param {any} value */
const hasMoreAyla = (value) => Boolean(value.ayla && Object.keys(value.ayla).some((name) => name !== "n1" && name !== "n2" && value.ayla[name] !== null));
