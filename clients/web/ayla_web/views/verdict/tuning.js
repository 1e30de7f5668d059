/** What tuning brought: what was selected, the expected best of k settings, and the sensitivity to the learning rate. */

import { axisOf, spansDecade } from "../../charts/axis.js";
import { MARKS, lookOf } from "../../charts/looks.js";
import { Key, Mark, Plot, bandPath, linePath } from "../../charts/plot.js";
import { count, counted, number, percent, short } from "../../core/format.js";
import { html } from "../../core/ui.js";
import { AsTable } from "../../parts/as-table.js";
import { Name } from "../../parts/name.js";
import { metricInWords } from "./figures.js";

/** @typedef {import("../../core/api.js").Schemas} Schemas @typedef {import("../../charts/plot.js").Area} Area */

/** @param {{ tuned: Schemas["ArmsOnProblem"] }} props */
export const ArmsTable = ({ tuned }) => html`<div class="table-scroll"><table class="table"><thead><tr>
    <th>Arm</th><th>Selected setting</th><th class="num">Settings tried</th><th class="num">Diverging</th><th class="num">On the tuning seeds</th>
    <th class="num">Confirmed</th><th class="num">Seeds</th></tr></thead>
  <tbody>${tuned.arms.map((arm) => html`<tr key=${arm.arm}><th scope="row"><${Name} text=${arm.arm} /></th><td><${Name} text=${arm.selected ?? "none"} /></td>
    <td class="num">${arm.budget}${arm.copies > 0 && html` <span class="sub">+ ${counted(arm.copies, "copy", "copies")}</span>`}</td>
    <td class="num">${arm.divergence.share === null ? "–" : percent(arm.divergence.share)}</td><td class="num">${number(arm.tuning_value, 4)}</td>
    <td class="num best">${number(arm.confirmation?.value?.median, 4)}</td>
    <td class="num">${arm.confirmation?.seeds ?? 0}${arm.missing_seeds.length > 0 && html` <span class="sub">${arm.missing_seeds.length} missing</span>`}</td></tr>`)}</tbody></table></div>
  ${tuned.arms.some((arm) => arm.notes.length) && html`<ul class="notes">${tuned.arms.flatMap((arm) => arm.notes.map((note) => html`<li key=${arm.arm + note}>${arm.arm}: ${note}</li>`))}</ul>`}`;

/** Scale of values that lines are drawn on. @param {readonly (number | null)[]} values */
const scaleFor = (values) => (spansDecade(values) && values.every((value) => value === null || value > 0) ? "log" : "linear");

/** @param {{ tuned: Schemas["ArmsOnProblem"], names: readonly string[], theme: "dark" | "light" }} props */
export function ExpectedBest({ tuned, names, theme }) {
  const arms = tuned.arms.filter((arm) => arm.expected_best.length > 1);
  if (!arms.length) return html`<p class="sub">No arm has two settings, so nothing was tuned.</p>`;
  const values = arms.flatMap((arm) => arm.expected_best.flatMap(({ expected, low, high }) => [expected, low, high]));
  const most = Math.max(...arms.map((arm) => arm.expected_best.length));
  const x = axisOf([1, most], { scale: most > 40 ? "log" : "linear", whole: true, pad: 0.02 });
  const y = axisOf(values.map((value) => value ?? NaN), { scale: scaleFor(values), ticks: 5 });
  return html`<${Key} marks=${MARKS} items=${arms.map((arm) => ({ name: arm.arm, look: lookOf(names.indexOf(arm.arm), theme) }))} />
    <${Plot} x=${x} y=${y} height=${210} xName="settings tried, k" yName=${metricInWords(tuned.select_metric)}
      label=${`Expected best of k settings on the tuning seeds: ${arms.map((arm) => `${arm.arm} from ${number(arm.expected_best[0]?.expected, 3)} to ${number(arm.expected_best.at(-1)?.expected, 3)}`).join("; ")}`}>${(/** @type {Area} */ area) => arms.map((arm) => {
        const look = lookOf(names.indexOf(arm.arm), theme);
        return html`<g key=${arm.arm}>
          <path class="band" d=${bandPath(area, arm.expected_best.map(({ k, low, high }) => ({ x: k, low, high })))} fill=${look.colour} />
          <path class="line" d=${linePath(area, arm.expected_best.map(({ k, expected }) => [k, expected]))} stroke=${look.colour} stroke-dasharray=${look.dash.map((one) => one * 2).join(" ")} />
        </g>`;
      })}<//>
    <${AsTable} head=${["Arm", "Settings tried", "Expected best", "Band"]} rows=${() => arms.flatMap((arm) => arm.expected_best.map(({ k, expected, low, high }) => [arm.arm, count(k), number(expected, 4), `${number(low, 3)} to ${number(high, 3)}`]))} />`;
}

/**
 * Best and median along an axis, a line for each arm.
 *
 * @typedef {{ name: string, points: { at: number, best: number | null, median: number | null, settings: number, finite: number }[] }} AlongLine
 */

/** @param {{ lines: readonly AlongLine[], axis: string, scale: import("../../charts/axis.js").Scale, metric: string, names: readonly string[], theme: "dark" | "light" }} props */
export function Sensitivity({ lines, axis, scale, metric, names, theme }) {
  const shown = lines.filter((line) => line.points.length);
  if (!shown.length) return html`<p class="sub">Nothing has a value along ${axis} yet.</p>`;
  const places = shown.flatMap((line) => line.points.map(({ at }) => at));
  const values = shown.flatMap((line) => line.points.flatMap(({ best, median }) => [best, median]));
  const x = axisOf(places, { scale: places.every((at) => at > 0) ? scale : "linear", pad: 0.03 });
  const y = axisOf(values.map((value) => value ?? NaN), { scale: scaleFor(values), ticks: 5 });
  const several = shown.some((line) => line.points.some(({ settings }) => settings > 1));
  return html`<${Key} marks=${MARKS} items=${shown.map((line) => ({ name: line.name, look: lookOf(Math.max(0, names.indexOf(line.name)), theme) }))} />
    <${Plot} x=${x} y=${y} height=${210} xName=${axis} yName=${metric} label=${`Sensitivity to ${axis}: ${shown.map((line) => lowest(line)).join("; ")}`}>${(/** @type {Area} */ area) => shown.map((line) => {
      const look = lookOf(Math.max(0, names.indexOf(line.name)), theme);
      return html`<g key=${line.name}>
        ${several && html`<path class="line faint" d=${linePath(area, line.points.map(({ at, median }) => [at, median]))} stroke=${look.colour} stroke-dasharray="2 4" />`}
        <path class="line" d=${linePath(area, line.points.map(({ at, best }) => [at, best]))} stroke=${look.colour} stroke-dasharray=${look.dash.map((one) => one * 2).join(" ")} />
        ${line.points.length <= 60 && line.points.map(({ at, best, settings, finite }) => best !== null && html`<${Mark} key=${at} d=${MARKS[look.marker] ?? ""} x=${area.x(at)} y=${area.y(best)} size=${3.4}
          colour=${look.colour} hollow=${look.hollow} title=${`${line.name} at ${short(at, 4)}: ${number(best, 4)}, ${finite} of ${counted(settings, "setting")} with a finite value`} />`)}
        ${line.points.filter(({ best, settings }) => best === null && settings > 0).map(({ at }) => html`<text key=${at} class="lost" x=${area.x(at)} y=${area.top + 8} text-anchor="middle" fill=${look.colour}>✖</text>`)}
      </g>`;
    })}<//>
    <p class="sub">${several ? "Line: best setting at each value; dots: the median of the settings there. " : ""}✖ where all diverged.</p>
    <${AsTable} head=${["Arm", axis, "Best", "Median", "Settings", "Finite"]} rows=${() => shown.flatMap((line) => line.points.map(({ at, best, median, settings, finite }) => [line.name, short(at, 5), best === null ? "✖ diverged" : number(best, 4), number(median, 4), count(settings), count(finite)]))} />`;
}

/** @param {AlongLine} line */
function lowest(line) {
  const known = line.points.filter(({ best }) => best !== null);
  return `${line.name}, ${counted(known.length, "value")} of ${line.points.length} with a finite best`;
}

/** @param {readonly Schemas["SensitivitySeries"][]} series @returns {AlongLine[]} */
export const linesOfSeries = (series) => series.map(({ name, points }) => ({ name, points }));

/** @param {Schemas["SensitivityAnswer"]} answer @returns {AlongLine[]} */
export const linesOfAnswer = (answer) =>
  answer.sensitivity.map((arm) => ({
    name: arm.arm,
    points: answer.axis.values.map((at, place) => ({
      at: /** @type {number} */ (at),
      best: arm.best[place] ?? null,
      median: arm.median[place] ?? null,
      settings: arm.settings[place] ?? 0,
      finite: arm.finite[place] ?? 0,
    })).filter(({ settings }) => settings > 0),
  }));
