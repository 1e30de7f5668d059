/** What is minimized: an expression, a model on a dataset, or an experiment of the paper. */

import { html } from "../../core/ui.js";
import { short } from "../../core/format.js";
import { Choice } from "../../parts/basics.js";
import { numbersOf, textOf, valueAt, variablesOf } from "./draft.js";
import { Fields, Labelled, NumberOrAxis, NumberText, SelectControl, TextControl, useForm } from "./fields.js";
import { variantsOf, fieldOf } from "./schema.js";

/** @typedef {import("../../core/api.js").Schemas["Catalogue"]} Catalogue */

/** The problem that a kind begins with. @param {string} kind @param {Catalogue} catalogue */
function firstOf(kind, catalogue) {
  if (kind === "dataset") return { type: "dataset", dataset: { name: "digits" }, batch_size: 32 };
  if (kind === "preset") return { type: "preset", preset: catalogue.presets[0]?.name };
  return problemOf(catalogue.functions[0], false);
}

/** @param {Catalogue["functions"][number] | undefined} entry @param {boolean} isRandom */
function problemOf(entry, isRandom) {
  const found = isRandom ? entry?.random_problem : entry?.problem;
  return found ? { type: "expression", expression: found.expression, start: found.start } : { type: "expression", expression: "x**2", start: { x: 1 } };
}

/** @param {{ catalogue: Catalogue, datasets: readonly { name: string }[] }} props */
export function ProblemPart({ catalogue, datasets }) {
  const { draft, edit } = useForm();
  const kind = draft.problem?.type ?? "expression";
  return html`<${Choice} name="Problem" value=${kind} options=${[["expression", "Function"], ["dataset", "Dataset"], ["preset", "The paper's experiments"]]}
      onChange=${(/** @type {string} */ next) => next !== kind && edit(["problem"], firstOf(next, catalogue))} />
    ${kind === "expression" && html`<${Expression} catalogue=${catalogue} />`}
    ${kind === "dataset" && html`<${Dataset} datasets=${datasets} />`}
    ${kind === "preset" && html`<${Preset} catalogue=${catalogue} />`}`;
}

/** @param {{ catalogue: Catalogue }} props */
function Expression({ catalogue }) {
  const { draft, edit, root } = useForm();
  const { expression = "", start = {} } = draft.problem ?? {};
  const entry = catalogue.functions.find((one) => one.problem.expression === expression);
  const language = catalogue.expression;
  const known = new Set([...language.functions.map(({ name }) => name), ...language.reductions.map(({ name }) => name), ...Object.keys(language.constants)]);
  const wanted = variablesOf(expression, known);
  const missing = wanted.filter((name) => !(name in start));
  const names = Object.keys(start);
  return html`<div class="form-fields">
      <div class="form-field"><label class="form-name" for="known-function">Known functions</label>
        <select id="known-function" class="field" value=${entry?.name ?? ""} onChange=${(/** @type {any} */ event) => event.currentTarget.value && edit(["problem"], problemOf(catalogue.functions.find(({ name }) => name === event.currentTarget.value), false))}>
          <option value="">your own</option>${catalogue.functions.map(({ name, title }) => html`<option key=${name} value=${name}>${title}</option>`)}</select>
        ${entry && html`<p class="hint always">${entry.description}${entry.minimum !== null ? ` Least value ${short(entry.minimum, 6)}.` : ""}</p>`}</div>
      ${entry && html`<div class="form-field"><span class="form-name">Start</span><span class="actions">
        <button type="button" class="button small" onClick=${() => edit(["problem"], problemOf(entry, false))}>at a fixed point</button>
        <button type="button" class="button small" onClick=${() => edit(["problem"], problemOf(entry, true))}>drawn with each seed</button></span></div>`}
    </div>
    <${Labelled} path=${["problem", "expression"]} name="Expression" hint=${fieldOf({ $ref: "#/$defs/ExpressionProblem" }, root).schema.properties?.expression?.description}>
      <${TextControl} path=${["problem", "expression"]} read=${(/** @type {string} */ text) => text} write=${textOf} rows=${2} /><//>
    <div class="starts">${names.map((name) => html`<${Start} key=${name} name=${name} isUnused=${!wanted.includes(name)} />`)}</div>
    ${missing.length > 0 && html`<p class="actions">${missing.map((name) => html`<button key=${name} type="button" class="button small" onClick=${() => edit(["problem", "start", name], 1)}>Add a start for ${name}</button>`)}</p>`}
    <${Fields} path=${["problem"]} schema=${{ $ref: "#/$defs/ExpressionProblem" }} without=${["expression", "start"]} />`;
}

/** What a start can be, and what it is turned into. @type {Record<string, (value: any) => unknown>} */
const STARTS = {
  number: (value) => middleOf(value),
  vector: (value) => (Array.isArray(value) ? value : [middleOf(value), middleOf(value)]),
  uniform: (value) => ({ uniform: [middleOf(value) - 1, middleOf(value) + 1] }),
  normal: (value) => ({ normal: [middleOf(value), 1] }),
};

/** @param {any} value */
function middleOf(value) {
  if (typeof value === "number") return value;
  const ends = Array.isArray(value) ? [value[0]] : value?.uniform ?? value?.values ?? (value?.normal ? [value.normal[0]] : [value?.low, value?.high]);
  const known = (ends ?? []).filter((/** @type {unknown} */ one) => typeof one === "number");
  return known.length ? known.reduce((/** @type {number} */ sum, /** @type {number} */ one) => sum + one, 0) / known.length : 1;
}

/** @param {any} value */
const startKind = (value) => (Array.isArray(value) ? "vector" : value && typeof value === "object" ? ("uniform" in value ? "uniform" : "normal" in value ? "normal" : "number") : "number");

/** @param {{ name: string, isUnused: boolean }} props */
function Start({ name, isUnused }) {
  const { draft, edit } = useForm();
  const path = ["problem", "start", name];
  const value = valueAt(draft, path);
  const kind = startKind(value);
  const isPlain = kind === "number" || kind === "vector";
  return html`<${Labelled} path=${path} name=${`Start of ${name}`} isGroup=${!(kind === "number" && typeof value !== "object")}>
    <span class="axis-control">
      <select class="field" aria-label=${`Kind of start of ${name}`} value=${kind} onChange=${(/** @type {any} */ event) => edit(path, STARTS[event.currentTarget.value]?.(value))}>
        <option value="number">number</option><option value="vector">vector</option><option value="uniform">uniform</option><option value="normal">normal</option></select>
      ${kind === "number" && html`<${NumberOrAxis} path=${path} name=${`start of ${name}`} isWhole=${false} placeholder="" />`}
      ${kind === "vector" && html`<${TextControl} path=${path} label=${`Elements of ${name}`} read=${(/** @type {string} */ text) => (text.includes("{") ? parsed(`[${text}]`) : numbersOf(text))} write=${vectorText} size=${24} />`}
      ${!isPlain && html`<${NumberText} path=${[...path, kind, 0]} label=${`${name}: ${kind === "uniform" ? "lowest" : "mean"}`} size=${6} /><span class="sub">${kind === "uniform" ? "to" : "±"}</span>
        <${NumberText} path=${[...path, kind, 1]} label=${`${name}: ${kind === "uniform" ? "highest" : "standard deviation"}`} size=${6} />
        <${NumberText} path=${[...path, "dimension"]} label=${`${name}: dimension of a vector`} size=${5} placeholder="1" /><span class="sub">numbers</span>`}
      ${isUnused && html`<button type="button" class="button small quiet" onClick=${() => edit(path, undefined)} aria-label=${`Remove the start of ${name}`}>remove</button>`}
    </span><//>`;
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** @param {unknown} value */
const vectorText = (value) => (Array.isArray(value) ? value.map((one) => (one !== null && typeof one === "object" ? JSON.stringify(one) : textOf(one))).join(", ") : textOf(value));

/** @param {{ datasets: readonly { name: string }[] }} props */
function Dataset({ datasets }) {
  const { draft, edit, root } = useForm();
  const field = fieldOf(fieldOf({ $ref: "#/$defs/DatasetProblem" }, root).schema.properties.dataset, root);
  const members = variantsOf(field.schema, root);
  const name = draft.problem?.dataset?.name;
  const chosen = members.find((member) => member.name === name);
  const uploads = datasets.map((one) => one.name);
  const filledIn = ["id", "digest", "rows", "feature_count", "class_count"];
  return html`<fieldset class="form-group"><legend class="unseen">Dataset</legend>
      <${Labelled} path=${["problem", "dataset", "name"]} name="Dataset" hint=${chosen?.description}><${SelectControl} path=${["problem", "dataset", "name"]} options=${members.map((one) => [one.name, one.name])}
        onChange=${(/** @type {string} */ next) => edit(["problem", "dataset"], next === "upload" ? { name: next, dataset: uploads[0] ?? "" } : { name: next })} /><//>
      ${name === "upload" && html`<${Labelled} path=${["problem", "dataset", "dataset"]} name="Uploaded" hint=${uploads.length ? "" : "Nothing is uploaded yet: ayla datasets upload FILE, or POST /v1/datasets."}><${SelectControl} path=${["problem", "dataset", "dataset"]} options=${uploads.map((one) => [one, one])} /><//>`}
      ${chosen && html`<${Fields} path=${["problem", "dataset"]} schema=${chosen.schema} without=${name === "upload" ? ["dataset", ...filledIn] : []} />`}
    </fieldset>
    <${Fields} path=${["problem"]} schema=${{ $ref: "#/$defs/DatasetProblem" }} without=${["dataset"]} />`;
}

/** @param {{ catalogue: Catalogue }} props */
function Preset({ catalogue }) {
  const { draft } = useForm();
  const entry = catalogue.presets.find(({ name }) => name === draft.problem?.preset);
  return html`<div class="form-fields"><${Labelled} path=${["problem", "preset"]} name="Experiment" hint=${entry && `Section ${entry.paper_section} of the paper. Its optimizers, budget and seeds hold unless you name others.`}>
      <${SelectControl} path=${["problem", "preset"]} options=${catalogue.presets.map(({ name, title }) => [name, title])} /><//></div>
    <${Fields} path=${["problem"]} schema=${{ $ref: "#/$defs/PresetProblem" }} without=${["preset"]} />`;
}
