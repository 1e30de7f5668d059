/** Forest plot: the median difference of each pair with its interval, beside what it comes to. */

import { Mark, Plot } from "../../charts/plot.js";
import { number, short } from "../../core/format.js";
import { html } from "../../core/ui.js";
import { Name } from "../../parts/name.js";
import { MARKS, lookOf } from "../../charts/looks.js";
import { OUTCOMES, differenceAxis, forestRows, intervalText, numbered } from "./figures.js";
import { ShowAll, firstOf } from "./first.js";

/** @typedef {import("../../core/api.js").Schemas["PairComparison"]} Pair */

/** Height of a row, in pixels. */
const ROW = 30;

/**
 * @param {{ pairs: readonly Pair[], metric: string, side: "left" | "right", scale: "auto" | "linear" | "log", names: readonly string[],
 *   theme: "dark" | "light" }} props side: which is better; names: of all settings, for their looks
 */
export function Forest({ pairs: all, metric, side, scale, names, theme }) {
  const pairs = firstOf(all);
  const rows = forestRows(pairs);
  const x = differenceAxis(rows, scale);
  /** @type {import("../../charts/axis.js").Axis} */
  const y = { scale: "linear", low: rows.length, high: 0, of: (value) => 1 - value / Math.max(1, rows.length), value: (share) => (1 - share) * rows.length, ticks: [] };
  const words = side === "left" ? ["better", "worse"] : ["worse", "better"];
  const unit = pairs[0]?.unit === "problem" ? "relative difference" : `difference of the ${metric}`;
  const { of, notes } = numbered();
  const label = `Forest plot of ${rows.length} pairs. ${pairs.map((pair) => pair.verdict).join(" ")}`;
  return html`<div class="forest">
    <${Plot} x=${x} y=${y} yTicks=${false} left=${14} height=${rows.length * ROW} label=${label}
      xName=${`← ${words[0]}   ·   ${unit}, setting minus base   ·   ${words[1]} →`}>${(/** @type {import("../../charts/plot.js").Area} */ area) => html`
      <line class="zero" x1=${area.x(0)} x2=${area.x(0)} y1=${area.top} y2=${area.top + area.height} />
      ${rows.map((row, place) => html`<${Interval} key=${`${row.pair.label}|${row.pair.base_label}`} row=${row} area=${area} at=${area.top + (place + 0.5) * ROW}
        look=${lookOf(Math.max(0, names.indexOf(row.pair.label)), theme)} />`)}`}
    <//>
    <div class="table-scroll"><table class="table forest-table"><thead><tr><th>Setting</th><th>Against</th><th>Outcome</th><th class="num">Won, lost, tied</th>
      <th class="num">Median difference</th><th class="num">Interval</th><th class="num">p</th></tr></thead>
      <tbody>${rows.map(({ pair }) => html`<tr key=${`${pair.label}|${pair.base_label}`}>
        <th scope="row"><${Name} text=${pair.label} /></th><td><${Name} text=${pair.base_label} /></td><td><${Outcome} outcome=${pair.outcome} /></td>
        <td class="num">${pair.wins} / ${pair.losses} / ${pair.ties}</td><td class="num">${number(pair.median_difference, 3)}</td>
        <td class="num">${intervalText(pair.interval, (value) => short(value, 3))}<sup>${of(pair.no_interval)}</sup>${pair.interval && html`<span class="sub note-line">covers ${(100 * pair.interval.coverage).toFixed(1)} %</span>`}</td>
        <td class="num">${pair.sign_test ? short(pair.sign_test.adjusted, 2) : "–"}<sup>${of(pair.family && holm(pair.family))}</sup></td>
      </tr>`)}</tbody></table></div>
    <div class="forest-more"><${Footnotes} notes=${notes} /><${ShowAll} total=${all.length} /></div>
  </div>`;
}

/** @param {string} family of tests */
const holm = (family) => `After Holm's correction for ${family}.`;

/** What small numbers in a table stand for. @param {{ notes: readonly string[] }} props */
export const Footnotes = ({ notes }) => notes.length > 0 && html`<ol class="sub footnotes">${notes.map((note) => html`<li key=${note}>${note}</li>`)}</ol>`;

/** @param {{ outcome: string }} props */
export function Outcome({ outcome }) {
  const [sign, word] = OUTCOMES[outcome] ?? ["·", outcome];
  return html`<span class="outcome" data-outcome=${outcome}><span aria-hidden="true">${sign}</span> ${word}</span>`;
}

/** @param {{ row: import("./figures.js").ForestRow, area: import("../../charts/plot.js").Area, at: number, look: import("../../charts/palette.js").Look }} props */
function Interval({ row, area, at, look }) {
  const [from, to] = [area.left, area.left + area.width];
  const place = (/** @type {number} */ value) => (value === -Infinity ? from : value === Infinity ? to : area.x(value));
  const { pair, middle, low, high, hasInterval } = row;
  const title = `${pair.label} against ${pair.base_label}: ${number(middle, 4)} (${intervalText(pair.interval, (value) => number(value, 3))})`;
  return html`<g class="interval" stroke=${look.colour}>
    <line class="row" x1=${from} x2=${to} y1=${at + ROW / 2} y2=${at + ROW / 2} />
    ${hasInterval && html`<line x1=${place(low)} x2=${place(high)} y1=${at} y2=${at} stroke-width="2" />`}
    ${hasInterval && /** @type {const} */ ([[low, -1], [high, 1]]).map(([end, way]) => Number.isFinite(end)
      ? html`<line key=${way} x1=${place(end)} x2=${place(end)} y1=${at - 5} y2=${at + 5} stroke-width="2" />`
      : html`<path key=${way} d=${`M${place(end) - way * 7} ${at - 5}L${place(end)} ${at}L${place(end) - way * 7} ${at + 5}`} fill="none" stroke-width="2" />`)}
    ${middle !== null && html`<${Mark} d=${MARKS[look.marker] ?? ""} x=${area.x(middle)} y=${at} size=${5.5} colour=${look.colour} hollow=${!hasInterval || look.hollow} title=${title} />`}
  </g>`;
}
