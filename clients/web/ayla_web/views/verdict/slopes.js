/** Slopes: base and setting on each seed, joined by a line. */

import { axisOf, spansDecade } from "../../charts/axis.js";
import { Plot } from "../../charts/plot.js";
import { number } from "../../core/format.js";
import { html, useState } from "../../core/ui.js";
import { AsTable } from "../../parts/as-table.js";
import { Name } from "../../parts/name.js";
import { Outcome } from "./forest.js";

/** @typedef {import("../../core/api.js").Schemas["PairComparison"]} Pair */

/** @param {{ pairs: readonly Pair[], metric: string, moreIsBetter: boolean }} props */
export const Slopes = ({ pairs, metric, moreIsBetter }) => html`<div class="small-multiples">
  ${pairs.filter((pair) => pair.values?.length).map((pair) => html`<${SlopePanel} key=${`${pair.label}|${pair.base_label}`} pair=${pair} metric=${metric} moreIsBetter=${moreIsBetter} />`)}
</div>`;

/** What diverged, or never arrived, stands at the edge of the worse side. @param {number | null} value @param {import("../../charts/axis.js").Axis} y @param {boolean} moreIsBetter */
const placed = (value, y, moreIsBetter) => value ?? (moreIsBetter ? y.low : y.high);

/** @param {{ pair: Pair, metric: string, moreIsBetter: boolean }} props */
function SlopePanel({ pair, metric, moreIsBetter }) {
  const [seed, setSeed] = useState(/** @type {number | null} */ (null));
  const values = pair.values ?? [];
  const all = values.flatMap(({ value, base }) => [value, base]);
  const y = axisOf(all.map((value) => value ?? NaN), { scale: spansDecade(all) && all.some((value) => (value ?? 0) > 0) && all.every((value) => value === null || value > 0) ? "log" : "linear", pad: 0.08, ticks: 5 });
  const x = { ...axisOf([0, 1], { pad: 0.12 }), ticks: [{ at: 0, text: "base" }, { at: 1, text: "setting" }] };
  const shown = values.find((one) => one.seed === seed);
  return html`<figure class="panel" aria-label=${`${pair.label} against ${pair.base_label}, seed by seed`}>
    <figcaption><strong><${Name} text=${pair.label} /></strong><span class="sub">against <${Name} text=${pair.base_label} /></span></figcaption>
    <${Plot} x=${x} y=${y} height=${170} left=${52} xName=${metric} label=${`Each of ${values.length} seeds as a line from base to setting. ${pair.verdict}`}>${(/** @type {import("../../charts/plot.js").Area} */ area) => values.map((one) => {
      const [from, to] = [placed(one.base, y, moreIsBetter), placed(one.value, y, moreIsBetter)];
      const isBetter = moreIsBetter ? to > from : to < from;
      const ends = /** @type {const} */ ([[0, one.base, from], [1, one.value, to]]);
      return html`<g key=${one.seed} class="slope" data-better=${from === to ? "same" : isBetter} data-shown=${one.seed === seed} onPointerEnter=${() => setSeed(one.seed)}>
        <line x1=${area.x(0)} y1=${area.y(from)} x2=${area.x(1)} y2=${area.y(to)} />
        ${ends.map(([side, value, at]) => (value === null
          ? html`<text key=${side} class="lost" x=${area.x(side)} y=${area.y(at)} dy="0.35em" text-anchor="middle">✖</text>`
          : html`<circle key=${side} cx=${area.x(side)} cy=${area.y(at)} r="3" />`))}
      </g>`;
    })}<//>
    <p class="sub" aria-live="polite">${shown ? `Seed ${shown.seed}: ${told(shown.base)} → ${told(shown.value)}` : html`${pair.wins} better, ${pair.losses} worse${pair.ties ? `, ${pair.ties} equal` : ""}: <${Outcome} outcome=${pair.outcome} />`}</p>
    <${AsTable} head=${["Seed", "Base", "Setting"]} rows=${() => values.map((one) => [String(one.seed), told(one.base), told(one.value)])} />
  </figure>`;
}

/** @param {number | null} value */
const told = (value) => (value === null ? "diverged or not reached" : number(value, 4));
