/** Controls of the form, one for each kind of field; each shows what the service says of it. */

import { createContext, html, useContext, useEffect, useState } from "../../core/ui.js";
import { asAxis, axisKind, errorsAt, numberOf, numbersOf, pointerTo, textOf, valueAt } from "./draft.js";
import { fieldsOf, resolved, variantsOf, worded } from "./schema.js";

/** @typedef {import("./draft.js").Path} Path @typedef {import("./schema.js").Field} Field @typedef {import("../../core/api.js").FieldError} FieldError */

/**
 * The draft as its controls use it.
 *
 * @typedef {{ draft: import("./draft.js").Draft, edit: (path: Path, value: unknown) => void, errors: readonly FieldError[],
 *   root: import("./schema.js").Schema }} Form
 */

export const FormContext = createContext(/** @type {Form} */ (/** @type {unknown} */ (null)));
export const useForm = () => useContext(FormContext);

/** @param {Path} path @returns {string} id of the control at a path */
export const controlId = (path) => `field${pointerTo(path).replace(/[^A-Za-z0-9]/g, (one) => (one === "/" ? "-" : `_${one.charCodeAt(0)}`))}`;

/**
 * A control with its name, what it means, and what is wrong with it.
 *
 * @param {{ path: Path, name: string, hint?: string, deep?: boolean, isGroup?: boolean, children: import("../../core/ui.js").Children }} props
 */
export function Labelled({ path, name, hint = "", deep = true, isGroup = false, children }) {
  const { errors } = useForm();
  const found = errorsAt(errors, path, deep);
  const id = controlId(path);
  return html`<div class="form-field" data-wrong=${found.length > 0} role=${isGroup ? "group" : undefined} aria-label=${isGroup ? name : undefined}>
    ${isGroup ? html`<span class="form-name">${name}</span>` : html`<label class="form-name" for=${id}>${name}</label>`}
    ${children}
    ${found.map((error) => html`<p key=${error.pointer + error.detail} class="field-error" id=${`${id}-error`}>${error.pointer === pointerTo(path) ? "" : html`<code>${error.pointer.split("/").pop()}</code> `}${error.detail}</p>`)}
    ${hint && html`<p class="hint" id=${`${id}-hint`}>${hint}</p>`}
  </div>`;
}

/** Attributes of every control. @param {Path} path @param {readonly FieldError[]} errors @param {string} [hint] */
const described = (path, errors, hint = "x") => {
  const isWrong = errorsAt(errors, path).length > 0;
  const ids = [isWrong && `${controlId(path)}-error`, hint && `${controlId(path)}-hint`].filter(Boolean).join(" ");
  return { id: controlId(path), "aria-invalid": isWrong ? "true" : undefined, "aria-describedby": ids || undefined };
};

/**
 * A text as it is typed; what it comes to goes into the draft, and another value of the draft comes back as text.
 *
 * @param {{ path: Path, read: (text: string) => unknown, write: (value: unknown) => string, hint?: string, placeholder?: string,
 *   size?: number, rows?: number, label?: string, inputmode?: string }} props
 */
export function TextControl({ path, read, write, hint, placeholder = "", size = 12, rows = 0, label, inputmode }) {
  const { draft, edit, errors } = useForm();
  const value = valueAt(draft, path);
  const [text, setText] = useState(() => write(value));
  useEffect(() => {
    if (JSON.stringify(read(text)) !== JSON.stringify(value)) setText(write(value));
  }, [JSON.stringify(value)]);
  const onInput = (/** @type {any} */ event) => {
    setText(event.currentTarget.value);
    edit(path, read(event.currentTarget.value));
  };
  const common = { ...described(path, errors, hint), class: "field", value: text, placeholder, spellcheck: false, autocomplete: "off", "aria-label": label, onInput };
  return rows ? html`<textarea ...${common} rows=${rows}></textarea>` : html`<input ...${common} size=${size} inputmode=${inputmode} />`;
}

/** @param {{ path: Path, placeholder?: string, label?: string, size?: number }} props */
export const NumberText = ({ path, placeholder, label, size = 9 }) => html`<${TextControl} path=${path} read=${numberOf} write=${textOf} placeholder=${placeholder} label=${label} size=${size} inputmode="text" />`;

/** @param {{ path: Path, options: readonly (readonly [string, string])[], label?: string, fallback?: string,
 *   onChange?: (value: string) => void }} props fallback: what holds where nothing is given; the empty value takes the field away */
export function SelectControl({ path, options, label, fallback = "", onChange }) {
  const { draft, edit, errors } = useForm();
  const value = valueAt(draft, path);
  return html`<select ...${described(path, errors)} class="field" aria-label=${label} value=${value ?? fallback}
    onChange=${(/** @type {any} */ event) => (onChange ? onChange(event.currentTarget.value) : edit(path, event.currentTarget.value || undefined))}>
    ${options.map(([one, word]) => html`<option key=${one} value=${one}>${word}</option>`)}</select>`;
}

/** A number, or several in its place: a list or a range, which makes an axis of the sweep. @param {{ path: Path, name: string, isWhole: boolean, placeholder: string }} props */
export function NumberOrAxis({ path, name, isWhole, placeholder }) {
  const { draft, edit } = useForm();
  const value = valueAt(draft, path);
  const kind = axisKind(value);
  return html`<span class="axis-control" data-kind=${kind}>
    ${kind === "number" && html`<${NumberText} path=${path} placeholder=${placeholder} />`}
    ${kind === "list" && html`<${TextControl} path=${[...path, "values"]} label=${`${name}: values`} read=${numbersOf} write=${(/** @type {any} */ all) => (all ?? []).map(textOf).join(", ")} size=${22} placeholder="0.01, 0.1, 1" />`}
    ${kind === "range" && html`<${NumberText} path=${[...path, "low"]} label=${`${name}: lowest`} size=${7} /><span class="sub">to</span><${NumberText} path=${[...path, "high"]} label=${`${name}: highest`} size=${7} />
      <${SelectControl} path=${[...path, "scale"]} label=${`${name}: scale`} fallback="linear" options=${[["linear", "linear"], ["log", "log"], ["reverse-log", "reverse log"]]} />
      <${NumberText} path=${[...path, "count"]} label=${`${name}: number of points`} size=${4} placeholder="any" /><span class="sub">points</span>`}
    <select class="field axis-kind" aria-label=${`${name}: one number, a list or a range`} value=${kind} onChange=${(/** @type {any} */ event) => edit(path, asAxis(value, event.currentTarget.value, isWhole))}>
      <option value="number">one</option><option value="list">list</option><option value="range">range</option></select>
  </span>`;
}

/**
 * The control of a field.
 *
 * @param {{ path: Path, name: string, field: Field }} props
 */
export function FieldControl({ path, name, field }) {
  const { draft, edit, errors } = useForm();
  const value = valueAt(draft, path);
  const word = worded(name);
  const placeholder = field.preset !== undefined && field.preset !== null ? textOf(field.preset) : field.isOptional ? "default" : "";
  const hint = field.description;
  switch (field.kind) {
    case "truth":
      return html`<div class="form-field"><label class="form-check"><input type="checkbox" ...${described(path, errors, hint)} checked=${value ?? field.preset ?? false}
        onChange=${(/** @type {any} */ event) => edit(path, event.currentTarget.checked === field.preset ? undefined : event.currentTarget.checked)} /> ${word}</label>
        <p class="hint" id=${`${controlId(path)}-hint`}>${hint}</p></div>`;
    case "choice":
      return html`<${Labelled} path=${path} name=${word} hint=${hint}><${SelectControl} path=${path} options=${[...(field.isOptional ? [/** @type {[string, string]} */ (["", `default${field.preset ? ` (${field.preset})` : ""}`])] : []), ...field.options.map((one) => /** @type {[string, string]} */ ([String(one), String(one)]))]} /><//>`;
    case "number":
      return field.takesAxis
        ? html`<${Labelled} path=${path} name=${word} hint=${hint} isGroup=${axisKind(value) !== "number"}><${NumberOrAxis} path=${path} name=${word} isWhole=${field.isWhole} placeholder=${placeholder} /><//>`
        : html`<${Labelled} path=${path} name=${word} hint=${hint}><${NumberText} path=${path} placeholder=${placeholder} /><//>`;
    case "text":
      return html`<${Labelled} path=${path} name=${word} hint=${hint}><${TextControl} path=${path} read=${(/** @type {string} */ text) => text || undefined} write=${textOf} size=${24} rows=${(field.longest ?? 0) > 1000 ? 3 : 0} placeholder=${field.isOptional ? "none" : ""} /><//>`;
    case "numbers":
    case "list":
      return html`<${Labelled} path=${path} name=${word} hint=${hint}><${TextControl} path=${path} read=${(/** @type {string} */ text) => listOf(text, field.kind)} write=${listText} size=${24} placeholder=${listText(field.preset) || "none"} /><//>`;
    case "variants":
      return html`<${Variants} path=${path} name=${word} field=${field} />`;
    case "object":
      return html`<fieldset class="form-group"><legend>${word}</legend><p class="hint">${hint}</p><${Fields} path=${path} schema=${field.schema} /></fieldset>`;
    case "json":
      return html`<${Labelled} path=${path} name=${word} hint=${hint}><${TextControl} path=${path} read=${jsonOf} write=${(/** @type {unknown} */ one) => (one === undefined ? "" : typeof one === "string" ? one : JSON.stringify(one))} size=${30} placeholder="JSON" /><//>`;
    default:
      return null;
  }
}

/** @param {string} text */
function jsonOf(text) {
  if (!text.trim()) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text; // the service says what is wrong with it
  }
}

/** @param {string} text @param {string} kind */
function listOf(text, kind) {
  if (!text.trim()) return undefined;
  if (/[[{]/.test(text)) return jsonOf(text.trim().startsWith("[") ? text : `[${text}]`);
  return kind === "numbers" ? numbersOf(text) : text.split(",").map((part) => part.trim()).filter(Boolean);
}

/** @param {unknown} value */
const listText = (value) => (Array.isArray(value) ? value.map((one) => (one !== null && typeof one === "object" ? JSON.stringify(one) : textOf(one))).join(", ") : textOf(value));

/**
 * The fields of an object.
 *
 * @param {{ path: Path, schema: import("./schema.js").Schema, only?: readonly string[], without?: readonly string[],
 *   first?: readonly string[] }} props first: those that stand before the others
 */
export function Fields({ path, schema, only, without = [], first = [] }) {
  const { root } = useForm();
  const fields = fieldsOf(schema, root).filter(([name]) => (only ? only.includes(name) : !without.includes(name)))
    .toSorted(([a], [b]) => Number(first.includes(b)) - Number(first.includes(a)));
  return html`<div class="form-fields">${fields.map(([name, field]) => html`<${FieldControl} key=${name} path=${[...path, name]} name=${name} field=${field} />`)}</div>`;
}

/** One of several objects that a name tells apart, with the fields of the chosen one. @param {{ path: Path, name: string, field: Field }} props */
export function Variants({ path, name, field }) {
  const { draft, edit, root } = useForm();
  const value = valueAt(draft, path);
  const members = variantsOf(field.schema, root);
  const chosen = members.find((member) => member.name === value?.name);
  const options = [...(field.isOptional || value === undefined ? [/** @type {[string, string]} */ (["", "default"])] : []), ...members.map((member) => /** @type {[string, string]} */ ([member.name, member.name]))];
  return html`<fieldset class="form-group"><legend class="unseen">${name}</legend>
    <${Labelled} path=${[...path, "name"]} name=${name} hint=${chosen?.description || field.description}><${SelectControl} path=${[...path, "name"]} options=${options}
      onChange=${(/** @type {string} */ next) => edit(path, next ? { name: next } : undefined)} /><//>
    ${chosen && html`<${Fields} path=${path} schema=${resolved(chosen.schema, root)} />`}
  </fieldset>`;
}
