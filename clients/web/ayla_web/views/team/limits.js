/** Limits of the member and the team, with what is used of each. */

import { count } from "../../core/format.js";
import { html } from "../../core/ui.js";

/** @typedef {import("../../core/api.js").Schemas} Schemas */

const WORDS = /** @type {const} */ ([["queued_jobs", "Jobs"], ["trials", "Trials"], ["steps", "Steps"], ["stored_bytes", "Stored"], ["workers", "Workers"]]);

/** Share from which a limit is near. */
const NEAR = 0.8;

/** @param {number} bytes @returns {string} */
export function size(bytes) {
  const units = ["B", "KB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return `${Number((bytes / 1000 ** power).toPrecision(3))} ${units[power]}`;
}

/** @param {{ me: Schemas["Me"] }} props */
export const Limits = ({ me }) => html`<div class="table-scroll"><table class="table limits"><thead><tr><td></td><th>You</th><th>Team ${me.team.name}</th></tr></thead>
  <tbody>${WORDS.map(([name, word]) => html`<tr key=${name}><th scope="row">${word}</th>
    ${[me.limits[name], me.team.limits[name]].map((use, place) => html`<td key=${place}><${Use} word=${`${word}, ${place ? "team" : "you"}`} use=${use} written=${name === "stored_bytes" ? size : count} /></td>`)}</tr>`)}</tbody></table></div>`;

/** @param {{ word: string, use: Schemas["LimitsUsed"]["trials"], written: (value: number) => string }} props */
function Use({ word, use: { used, limit }, written }) {
  if (limit === null) return html`<span>${written(used)}</span> <span class="sub">no limit</span>`;
  const share = limit ? Math.min(1, used / limit) : 1;
  return html`<span class="use" data-near=${share >= NEAR}><span>${written(used)} <span class="sub">of ${written(limit)}</span>${share >= 1 ? html` <strong class="sub">reached</strong>` : ""}</span>
    <meter min="0" max="1" value=${share} aria-label=${word}>${Math.round(share * 100)} %</meter></span>`;
}
