/** The curves of a job, with what is drawn and how: all of it in the address. */

import { html, useMemo } from "../../core/ui.js";
import { query, setQuery } from "../../core/router.js";
import { Choice, Section } from "../../parts/basics.js";
import { JobCurves, nameOfColumn } from "./curves.js";

/** @typedef {import("./view.js").Job} Job */

/** Columns of every trajectory. */
const RECORDED = ["loss", "transformed_loss", "scale", "effective_lr", "grad_norm"];

/** More parameters than that have no place among what is chosen from. */
const MOST_PARAMETERS = 12;

/**
 * What can be shown of a job: for each choice the columns of its panels.
 *
 * @param {Job["resolved"]} resolved
 * @returns {Map<string, { word: string, columns: string[] }>}
 */
export function choicesOf(resolved) {
  const choices = new Map(/** @type {[string, { word: string, columns: string[] }][]} */ ([]));
  const { problem } = resolved;
  if (problem.type === "dataset") {
    const parts = resolved.record.evaluate ?? ["test"];
    const columns = (/** @type {string} */ value) => [parts.includes("full_train") ? `full_train_${value}` : `train_${value}`, ...(parts.includes("test") ? [`test_${value}`] : [])];
    choices.set("parts", { word: parts.includes("test") ? "loss, train and test" : "loss on the whole part", columns: columns("loss") });
    if (isOfClasses(problem)) choices.set("accuracy", { word: "accuracy, train and test", columns: columns("accuracy") });
  }
  for (const column of RECORDED) choices.set(column, { word: column === "loss" && problem.type === "dataset" ? "loss of each step" : nameOfColumn(column), columns: [column] });
  if (problem.type === "expression") for (const name of parametersOf(problem.start)) choices.set(`param.${name}`, { word: name, columns: [`param.${name}`] });
  return choices;
}

/** @param {{ loss?: string | null }} problem */
const isOfClasses = ({ loss }) => loss === "cross-entropy" || loss === "mse-softmax";

/** @param {Record<string, any>} start */
function parametersOf(start) {
  const names = Object.entries(start).flatMap(([name, value]) => (Array.isArray(value) ? value.map((_, place) => `${name}[${place}]`) : [name]));
  return names.slice(0, MOST_PARAMETERS);
}

/**
 * @param {{ job: Job, title?: string, note?: string, Lines?: import("../../lib/preact.js").ComponentType<any> }} props Lines: draws a column,
 *   from where its curves are
 */
export function Panels({ job, title = "Curves", note, Lines = JobCurves }) {
  const given = query.value;
  const choices = useMemo(() => choicesOf(job.resolved), [job.id]);
  const [first] = choices.keys();
  const shown = choices.has(given.get("show") ?? "") ? /** @type {string} */ (given.get("show")) : /** @type {string} */ (first);
  const columns = choices.get(shown)?.columns ?? ["loss"];
  const hasEpochs = job.resolved.problem.type === "dataset";
  const across = hasEpochs && (given.get("x") ?? "epoch") === "epoch" ? "epoch" : "step";
  const zoom = useMemo(() => rangeOf(given.get("range")), [given.get("range")]);
  const arms = useMemo(() => indexesOf(given.get("arms")), [given.get("arms")]);
  const xLog = given.get("xscale") === "log";
  const yScale = given.get("yscale");
  return html`<${Section} title=${title} note=${note} end=${html`
      <label class="named-choice">Show <select class="field" value=${shown} onChange=${(/** @type {Event} */ event) => setQuery({ show: /** @type {HTMLSelectElement} */ (event.target).value })}>
        ${[...choices].map(([name, { word }]) => html`<option key=${name} value=${name}>${word}</option>`)}</select></label>
      ${hasEpochs && html`<${Choice} name="Over" shown value=${across} options=${[["epoch", "epochs"], ["step", "steps"]]} onChange=${(/** @type {string} */ value) => setQuery({ x: value === "epoch" ? null : value, range: null })} />`}
      <${Choice} name="x axis" shown value=${xLog ? "log" : "linear"} options=${SCALES} onChange=${(/** @type {string} */ value) => setQuery({ xscale: value === "log" ? value : null, range: null })} />
      <${Choice} name="y axis" shown value=${yScale ?? "auto"} options=${[["auto", "auto"], ...SCALES]} onChange=${(/** @type {string} */ value) => setQuery({ yscale: value === "auto" ? null : value })} />
      ${(zoom || arms) && html`<button type="button" class="button quiet small" onClick=${() => setQuery({ range: null, arms: null })}>Show all</button>`}`}>
    <div class="panels" data-count=${columns.length}>
      ${columns.map((column, place) => html`<${Lines} key=${column} hasKey=${place === 0} job=${job} column=${column} across=${across} xLog=${xLog} yLog=${yScale === "log" ? true : yScale === "linear" ? false : null}
        height=${columns.length > 1 ? 320 : 380} zoom=${zoom} optimizers=${arms} onArm=${toggle}
        onZoom=${(/** @type {[number, number] | null} */ range) => setQuery({ range: range && range.map((end) => String(Number(end.toPrecision(4)))).join(",") }, { replace: false })} />`)}
    </div>
  <//>`;
}

/** Show one arm alone, or all again. @param {number} index */
function toggle(index) {
  const before = indexesOf(query.value.get("arms"));
  setQuery({ arms: before?.length === 1 && before[0] === index ? null : String(index) });
}

const SCALES = /** @type {const} */ ([["linear", "linear"], ["log", "log"]]);

/** @param {string | null} text @returns {[number, number] | null} */
export function rangeOf(text) {
  const [from, to] = (text ?? "").split(",").map(Number);
  return text && Number.isFinite(from) && Number.isFinite(to) && /** @type {number} */ (from) < /** @type {number} */ (to) ? [/** @type {number} */ (from), /** @type {number} */ (to)] : null;
}

/** @param {string | null} text @returns {number[] | null} */
export function indexesOf(text) {
  const indexes = (text ?? "").split(",").filter((part) => /^\d{1,7}$/.test(part)).map(Number);
  return indexes.length ? indexes : null;
}
