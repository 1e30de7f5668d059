/** The first of very many pairs and settings: all of them where the address says so. */

import { count } from "../../core/format.js";
import { query, setQuery } from "../../core/router.js";
import { html } from "../../core/ui.js";
import { FIRST } from "./request.js";

const isWhole = () => query.value.get("rows") === "all";

/** @template T @param {readonly T[]} items @returns {readonly T[]} */
export const firstOf = (items) => (isWhole() ? items : items.slice(0, FIRST));

/** @param {{ total: number }} props of the list above */
export const ShowAll = ({ total }) => total > FIRST && html`<p class="toolbar"><button type="button" class="button small" onClick=${() => setQuery({ rows: isWhole() ? null : "all" }, { replace: false })}>
  ${isWhole() ? `Show the first ${FIRST}` : `Show all ${count(total)}`}</button></p>`;
