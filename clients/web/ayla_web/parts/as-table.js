/** The numbers of a figure as a table, for who reads rather than sees them; its rows are made when it is opened. */

import { count } from "../core/format.js";
import { html, useState } from "../core/ui.js";

/** Rows that are shown: a table of more is read elsewhere. */
const MOST = 500;

/** @param {{ head: readonly string[], rows: () => readonly (readonly string[])[] }} props head: of the columns; the first of each row names it */
export function AsTable({ head, rows }) {
  const [isOpen, setOpen] = useState(false);
  const all = isOpen ? rows() : [];
  return html`<details class="more as-table" onToggle=${(/** @type {any} */ event) => setOpen(event.currentTarget.open)}><summary>As a table</summary>
    ${isOpen && html`<div class="table-scroll"><table class="table"><thead><tr>${head.map((word, place) => html`<th key=${place} class=${place ? "num" : ""}>${word}</th>`)}</tr></thead>
      <tbody>${all.slice(0, MOST).map(([name, ...cells], row) => html`<tr key=${row}><th scope="row">${name}</th>${cells.map((cell, place) => html`<td key=${place} class="num">${cell}</td>`)}</tr>`)}</tbody></table></div>`}
    ${all.length > MOST && html`<p class="sub">The first ${MOST} of ${count(all.length)} rows.</p>`}</details>`;
}
