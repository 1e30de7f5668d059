/** Conditions of the list of jobs; each is a parameter of the address. */

import { html, useEffect, useRef, useState } from "../../core/ui.js";
import { query, setQuery } from "../../core/router.js";

const STATES = ["queued", "running", "succeeded", "failed", "cancelled"];
const SORTS = /** @type {const} */ ([["", "newest first"], ["created_at", "oldest first"], ["-updated_at", "changed last"]]);
const NAMES = ["q", "state", "owner", "project", "tag", "optimizer", "archived"];

/** Time after the last key until a condition holds. */
const PAUSE_MS = 250;

export const isFiltered = () => NAMES.some((name) => query.value.get(name));

export const Filters = () => html`<form class="toolbar" role="search" aria-label="Jobs" onSubmit=${(/** @type {Event} */ event) => event.preventDefault()}>
  <${Text} name="q" label="Search" placeholder="Name, tag, problem, optimizer" isWide />
  <label class="label inline">State
    <select class="field" value=${query.value.get("state") ?? ""} onChange=${onSelect("state")}>
      <option value="">any</option>${STATES.map((state) => html`<option key=${state} value=${state}>${state}</option>`)}
    </select></label>
  <${Text} name="owner" label="Owner" />
  <${Text} name="project" label="Project" />
  <${Text} name="tag" label="Tag" />
  <label class="label inline">Archived
    <select class="field" value=${query.value.get("archived") ?? ""} onChange=${onSelect("archived")}>
      <option value="">left out</option><option value="also">too</option><option value="only">only</option>
    </select></label>
  <label class="label inline">Order
    <select class="field" value=${query.value.get("sort") ?? ""} onChange=${onSelect("sort")}>${SORTS.map(([value, word]) => html`<option key=${value} value=${value}>${word}</option>`)}</select></label>
</form>`;

/** @param {string} name */
const onSelect = (name) => (/** @type {Event} */ event) => setQuery({ [name]: /** @type {HTMLSelectElement} */ (event.target).value });

/** @param {{ name: string, label: string, placeholder?: string, isWide?: boolean }} props */
function Text({ name, label, placeholder = "any", isWide = false }) {
  const timer = useRef(/** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined));
  const given = query.value.get(name) ?? "";
  const [text, setText] = useState(given);
  useEffect(() => () => clearTimeout(timer.current), []);
  const asked = useRef(given);
  // What is typed stays as it is typed, with a space at its end; only an address from elsewhere changes it.
  useEffect(() => {
    if (given !== asked.current) setText((asked.current = given));
  }, [given]);
  /** @param {Event} event */
  const onInput = (event) => {
    const { value } = /** @type {HTMLInputElement} */ (event.target);
    setText(value);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setQuery({ [name]: (asked.current = value.trim()) }), PAUSE_MS);
  };
  return html`<label class=${isWide ? "label inline wide" : "label inline"}>${label}
    <input class="field" type="search" name=${name} autocomplete="off" spellcheck=${false} maxlength="100" placeholder=${placeholder} value=${text} onInput=${onInput} /></label>`;
}
