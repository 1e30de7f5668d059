/** Shares of the members: what each has used, and what its weight gives it. */

import { html } from "../../core/ui.js";
import { duration, percent } from "../../core/format.js";

/** @param {{ queue: import("../../core/api.js").Schemas["Queue"] }} props */
export const Shares = ({ queue }) => html`<div class="table-scroll"><table class="table">
  <thead><tr><th>Member</th><th class="num">Weight</th><th class="num">Used</th><th>Share</th></tr></thead>
  <tbody>
    ${queue.shares.map((member) => html`<tr key=${member.owner}><td class="one-line grow">${member.owner}</td><td class="num">${member.weight}</td>
      <td class="num">${duration(member.used_seconds)}</td><td class="share"><${Bar} share=${member.share} /></td></tr>`)}
    <tr class="total"><td>Team, of all teams</td><td class="num">${queue.team.weight}</td><td class="num">${duration(queue.team.used_seconds)}</td><td class="share"><${Bar} share=${queue.team.share} /></td></tr>
  </tbody></table></div>
  <p class="sub">Use halves every ${duration(queue.half_life_seconds)}; who has used less comes first.</p>`;

/** @param {{ share: number }} props */
const Bar = ({ share }) => html`<span class="progress"><span class="track" aria-hidden="true"><i style=${{ transform: `scaleX(${Math.min(1, share)})` }}></i></span><span class="value">${percent(share)}</span></span>`;
