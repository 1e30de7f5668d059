/** Hours that the team has used, week by week, as stacked bars by member or by project. */

import { get } from "../../core/api.js";
import { LOOKS } from "../../charts/palette.js";
import { lookOf } from "../../charts/looks.js";
import { axisOf } from "../../charts/axis.js";
import { Plot } from "../../charts/plot.js";
import { useRemote } from "../../core/remote.js";
import { query, setQuery } from "../../core/router.js";
import { theme } from "../../core/theme.js";
import { html } from "../../core/ui.js";
import { Choice } from "../../parts/basics.js";
import { Read } from "../../parts/faces.js";

/** @typedef {import("../../core/api.js").Schemas["WeeklyUsage"]} Usage @typedef {{ name: string, hours: number[] }} Row */

const WEEKS = /** @type {const} */ ([["12", "12 weeks"], ["26", "26 weeks"], ["52", "a year"]]);

/** Rows with a colour of their own; those with less are one. */
const MOST = 6;

export function Hours() {
  const weeks = WEEKS.find(([one]) => one === query.value.get("weeks"))?.[0] ?? "12";
  const by = query.value.get("by") === "project" ? "project" : "member";
  const usage = useRemote(`usage ${weeks}`, (signal) => /** @type {Promise<Usage>} */ (get(`/v1/usage?weeks=${weeks}`, { signal })));
  return html`<div class="toolbar">
      <${Choice} name="Hours by" shown value=${by} options=${[["member", "member"], ["project", "project"]]} onChange=${(/** @type {string} */ next) => setQuery({ by: next === "member" ? null : next })} />
      <${Choice} name="Time" value=${weeks} options=${WEEKS} onChange=${(/** @type {string} */ next) => setQuery({ weeks: next === "12" ? null : next })} />
    </div>
    <${Read} remote=${usage} what="the hours">${(/** @type {Usage} */ answer) => html`<${Weeks} usage=${answer} by=${by} />`}<//>`;
}

/** The rows that are drawn, the largest first. @param {Usage} usage @param {string} by @returns {Row[]} */
export function rowsOf(usage, by) {
  const all = by === "project" ? usage.projects.map(({ project, hours }) => ({ name: project ?? "no project", hours })) : usage.members.map(({ member, hours }) => ({ name: member, hours }));
  if (all.length <= MOST) return all;
  const rest = all.slice(MOST - 1);
  return [...all.slice(0, MOST - 1), { name: `${rest.length} others`, hours: usage.weeks.map((_, week) => rest.reduce((sum, row) => sum + (row.hours[week] ?? 0), 0)) }];
}

/** @param {number} hours */
const written = (hours) => (hours === 0 ? "–" : hours < 0.01 ? `${Math.max(1, Math.round(hours * 3600))} s` : hours < 1 ? `${Number((hours * 60).toPrecision(2))} min` : `${Number(hours.toPrecision(3))} h`);

/** @param {{ usage: Usage, by: string }} props */
function Weeks({ usage, by }) {
  const rows = rowsOf(usage, by);
  const total = usage.total.reduce((sum, hours) => sum + hours, 0);
  if (!total) return html`<p class="sub">Nothing was computed in these weeks.</p>`;
  const most = Math.max(...usage.total);
  const unit = most < 0.1 ? { size: 60, name: "minutes" } : { size: 1, name: "hours" };
  const x = { ...axisOf([0, usage.weeks.length], { pad: 0 }), ticks: usage.weeks.map((week, place) => ({ at: place + 0.5, text: dayOf(week) })) };
  const y = axisOf([0, most * unit.size], { pad: 0, ticks: 4, include: [most * unit.size * 1.08] });
  const width = 0.72;
  return html`<ul class="key">${rows.map(({ name, hours }, place) => html`<li key=${name}><span class="box" style=${{ background: colourOf(place) }} aria-hidden="true"></span>${name}<span class="sub">${written(hours.reduce((sum, one) => sum + one, 0))}</span></li>`)}</ul>
    <${Plot} x=${x} y=${y} height=${170} xName="week from" yName=${unit.name} label=${`Hours by week: ${usage.weeks.map((week, place) => `${week} ${written(usage.total[place] ?? 0)}`).join(", ")}`}>${(/** @type {import("../../charts/plot.js").Area} */ area) => usage.weeks.map((week, place) => {
      let below = 0;
      return html`<g key=${week}>${rows.map(({ name, hours }, row) => {
        const own = (hours[place] ?? 0) * unit.size;
        const from = area.y(below);
        below += own;
        return own > 0 && html`<rect key=${name} x=${area.x(place + (1 - width) / 2)} width=${area.x(width) - area.x(0)} y=${area.y(below)} height=${Math.max(0.5, from - area.y(below))} fill=${colourOf(row)}><title>${name}, week from ${week}: ${written(hours[place] ?? 0)}</title></rect>`;
      })}</g>`;
    })}<//>
    <details class="more"><summary>As a table</summary><div class="table-scroll"><table class="table"><thead><tr><th>${by}</th>${usage.weeks.map((week) => html`<th key=${week} class="num">${dayOf(week)}</th>`)}</tr></thead>
      <tbody>${rows.map(({ name, hours }) => html`<tr key=${name}><th scope="row">${name}</th>${hours.map((one, place) => html`<td key=${place} class="num">${written(one)}</td>`)}</tr>`)}</tbody></table></div></details>`;
}

/** @param {number} place */
const colourOf = (place) => lookOf(place % LOOKS.length, theme.value).colour;

const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

/** @param {string} day */
const dayOf = (day) => DAY.format(new Date(`${day}T00:00:00Z`));
