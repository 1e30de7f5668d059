/** How the settings of a sweep are spread: for each value the share of settings that are at least as good. */

import { axisOf, spansDecade } from "../../charts/axis.js";
import { MARKS, lookOf } from "../../charts/looks.js";
import { Key, Plot, stairs } from "../../charts/plot.js";
import { counted, number, percent } from "../../core/format.js";
import { html } from "../../core/ui.js";
import { metricInWords } from "../verdict/figures.js";

/** @typedef {import("../../core/api.js").Schemas} Schemas @typedef {import("../../charts/plot.js").Area} Area */

/** Share of an arm's settings that are surely on the axis; the worst may be so bad that nobody could tell the others apart. */
const SHOWN = 0.9;

/** Arms that have a line. */
const MOST = 12;

/**
 * The finite values of an arm, and which share of its settings is at least as good as each.
 *
 * @param {Pick<Schemas["BestOfSweep"], "values" | "selected_among">} best
 * @returns {{ xs: number[], ys: number[] }}
 */
export function sharesOf({ values, selected_among: settings }) {
  const last = Math.max(1, values.length - 1);
  const ranks = values.map((_, place) => Math.round((place * (settings - 1)) / last) + 1);
  const known = values.flatMap((value, place) => (value === null ? [] : [place]));
  return { xs: known.map((place) => Number(values[place])), ys: known.map((place) => Number(ranks[place]) / settings) };
}

/** Why there is no finite value. @param {Pick<Schemas["BestAnswer"], "best">} answer */
export function nothingIn({ best }) {
  const ended = best.reduce((sum, { selected_among: settings }) => sum + settings, 0);
  return ended ? `✖ ${counted(ended, "setting has", "settings have")} a result with all seeds, and diverged.` : "No setting has a result with all its seeds yet.";
}

/** @param {{ answer: Schemas["BestAnswer"], theme: "dark" | "light" }} props */
export function Values({ answer, theme }) {
  const arms = answer.best.slice(0, MOST).map((best, place) => ({ name: best.arm ?? "", look: lookOf(place, theme), best, ...sharesOf(best) }));
  const shown = arms.filter(({ xs }) => xs.length);
  if (!shown.length) return html`<div class="nothing" style=${{ height: "8rem" }}><span class="sub">${nothingIn(answer)}</span></div>`;
  const values = shown.flatMap(({ xs, ys }) => xs.filter((_, place) => place === 0 || Number(ys[place]) <= SHOWN));
  const x = axisOf(values, { scale: spansDecade(values) && values.every((value) => value > 0) ? "log" : "linear", pad: 0.02 });
  const y = axisOf([0, 1], { pad: 0.03, ticks: 4 });
  const names = shown.map(({ name, look, best }) => ({ name, look, note: best.diverged ? `${best.diverged} of ${best.selected_among} diverged` : "" }));
  return html`<${Key} items=${names} marks=${MARKS} />
    <${Plot} x=${x} y=${{ ...y, ticks: y.ticks.map(({ at }) => ({ at, text: percent(at) })) }} height=${200} xName=${metricInWords(answer.metric)} yName="of settings as good"
      label=${`Share of settings at least as good as a value: ${shown.map(({ name, xs }) => `${name} from ${number(xs[0], 3)} to ${number(xs.at(-1), 3)}`).join("; ")}`}>${(/** @type {Area} */ area) => shown.map(({ name, look, xs, ys }) => html`<path
        key=${name} class="line" d=${stairs(area, xs, ys, answer.more_is_better ? x.low : x.high)} stroke=${look.colour} stroke-dasharray=${look.dash.map((one) => one * 2).join(" ")} />`)}<//>
    ${answer.best.length > MOST && html`<p class="sub">The first ${MOST} of ${answer.best.length} arms.</p>`}`;
}
