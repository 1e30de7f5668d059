/** Verdict: who won, by how much and how sure that is, in the service's words and numbers. */

import { get, read, send } from "../../core/api.js";
import { count, counted, nameOf, number, short } from "../../core/format.js";
import { useRemote } from "../../core/remote.js";
import { inTurn } from "../../core/turns.js";
import { address, query, setQuery } from "../../core/router.js";
import { theme } from "../../core/theme.js";
import { html, useRef } from "../../core/ui.js";
import { useNamedJobs } from "../../live/jobs.js";
import { Heading, Section } from "../../parts/basics.js";
import { Empty, ProblemFace, Read, isMissing } from "../../parts/faces.js";
import { Name } from "../../parts/name.js";
import { Standing } from "../../parts/standing.js";
import { betterSide, metricInWords, namesOf, numbered, overProblems, statedOf } from "./figures.js";
import { ShowAll, firstOf } from "./first.js";
import { Footnotes, Forest, Outcome } from "./forest.js";
import { Options } from "./options.js";
import { ProfilesOf } from "./profiles.js";
import { FIRST, WHILE_RUNNING_MS, isDue, jobsOf, mayVary, requestOf, sensitivityQuery, showsSlopes } from "./request.js";
import { Slopes } from "./slopes.js";
import { ArmsTable, ExpectedBest, Sensitivity, linesOfAnswer, linesOfSeries } from "./tuning.js";

/** @typedef {import("../../core/api.js").Schemas} Schemas @typedef {import("./figures.js").Stated} Stated */

/** A verdict is computed from all results, so running jobs are not asked about at each event. */
const AGAIN_MS = 3000;

/** Settings that a table shows; the comparison itself is of all. */
const MOST_ROWS = 60;

/** @param {{ id?: string }} props of one job; else the jobs of the address are compared */
export function View({ id }) {
  const jobIds = id ? [id] : jobsOf(query.value);
  if (!jobIds.length) return html`<${Heading} text="Compare jobs" /><${Empty} title="No jobs are named"><p>Select jobs in <a href="/jobs">the list</a>, and choose “Compare”.</p><//>`;
  return html`<${Verdict} key=${jobIds.join()} jobIds=${jobIds} isOne=${id !== undefined} />`;
}

/** @param {{ jobIds: string[], isOne: boolean }} props */
function Verdict({ jobIds, isOne }) {
  const jobs = useNamedJobs(jobIds);
  const first = jobs.data?.[0];
  const hasSlopes = showsSlopes(query.value, jobs.data ?? []);
  const body = JSON.stringify(requestOf(query.value, jobIds, hasSlopes));
  const readAt = useRef(-Infinity);
  /** @param {AbortSignal} signal */
  const load = async (signal) => {
    readAt.current = performance.now();
    return /** @type {Promise<Schemas["JobsComparison"]>} */ (read(await send("POST", "/v1/comparisons", { body: JSON.parse(body), signal })));
  };
  // How much is asked for depends on how many settings the jobs have.
  const isKnown = jobs.data !== undefined || jobs.problem !== null;
  const found = useRemote(isKnown ? body : null, (signal) => inTurn(signal, () => load(signal)), {
    refreshOn: (event) => isDue(event, jobIds, performance.now() - readAt.current), leastMs: AGAIN_MS,
  });
  if (found.problem && isMissing(found)) return html`<${ProblemFace} problem=${found.problem} what="job" isView />`;
  const varies = first !== undefined && mayVary(first.resolved);
  const title = isOne ? `Verdict: ${first ? nameOf(first, found.data?.problems[0]?.title) : "…"}` : `Verdict on ${counted(jobIds.length, "job")}`;
  return html`<${Heading} text=${title} sub=${html`<${Standing} jobs=${jobs.data} />`}><${Elsewhere} jobIds=${jobIds} isOne=${isOne} varies=${varies} /><//>
    ${!isOne && found.data && html`<p class="lead">${found.data.jobs.map((job, place) => html`${place ? ", " : ""}<a key=${job.id} href=${`/jobs/${job.id}`}>${nameOf(job)}</a>`)}</p>`}
    <${Options} answer=${found.data} seeds=${first?.resolved.seeds ?? []} />
    <${Read} remote=${found} what="the comparison">${(/** @type {Schemas["JobsComparison"]} */ answer) => html`<${Answer} answer=${answer} jobIds=${jobIds} varies=${varies} hasSlopes=${hasSlopes} isStale=${found.isLoading} />`}<//>`;
}

/** @param {{ jobIds: string[], isOne: boolean, varies: boolean }} props varies: along an axis, so that there is a sweep */
const Elsewhere = ({ jobIds, isOne, varies }) => html`${isOne && html`<a class="button" href=${`/jobs/${jobIds[0]}`}>Curves</a>${varies && html`<a class="button" href=${`/jobs/${jobIds[0]}/sweep`}>Sweep</a>`}`}
  ${isOne && html`<a class="button" href=${address("/v1/jobs/" + jobIds[0] + "/comparison", { format: "markdown" })} download>Tables</a>`}`;

/** @param {{ answer: Schemas["JobsComparison"], jobIds: string[], varies: boolean, hasSlopes: boolean, isStale: boolean }} props varies: along an axis */
function Answer({ answer, jobIds, varies, hasSlopes, isStale }) {
  const names = namesOf(answer);
  const problems = statedOf(answer);
  const over = overProblems(answer);
  return html`<div class="verdict">
    <${Statements} answer=${answer} problems=${problems} over=${over} />
    ${over.length > 0 && html`<${Section} title="Over the problems" note="each problem by the medians over its seeds">
      <${Forest} pairs=${over} metric=${metricInWords(answer.metric)} side=${betterSide(answer, "problem", answer.more_is_better)} scale="linear" names=${names} theme=${theme.value} /><//>`}
    ${problems.map((stated, place) => html`<${OnProblem} key=${stated.title + place} stated=${stated} answer=${answer} names=${names} jobIds=${jobIds} varies=${varies} hasSlopes=${hasSlopes} isOnly=${problems.length === 1} place=${place} isStale=${isStale} />`)}
  </div>`;
}

/** What the service states, as it states it. @param {{ answer: Schemas["JobsComparison"], problems: Stated[], over: Schemas["PairComparison"][] }} props */
function Statements({ answer, problems, over }) {
  const several = problems.length > 1;
  const notes = [...answer.notes, ...(answer.protocol?.notes ?? []), ...problems.flatMap(({ problem, title }) => (problem.not_recorded ? [`${several ? `On ${title}: ` : ""}not recorded: ${problem.not_recorded}.`] : []))];
  const groups = [
    ...(over.length ? [{ title: "Over the problems", pairs: over }] : []),
    ...problems.map(({ title, pairs }) => ({ title: several ? title : "", pairs })),
  ].filter(({ pairs }) => pairs.length);
  return html`<section class="statements" aria-label="Statements">
    ${!groups.length && html`<${Empty} title="Nothing is tested yet"><p>Tests need two settings with results on equal seeds: AYLA beside the same optimizer without it, or a baseline that you choose above.</p><//>`}
    ${groups.map(({ title, pairs }) => html`<div key=${title}>
      ${title && html`<h3>${title}</h3>`}
      <ul>${firstOf(pairs).map((pair) => html`<${Statement} key=${`${pair.label}|${pair.base_label}`} pair=${pair} />`)}</ul>
      <${ShowAll} total=${pairs.length} /></div>`)}
    ${firstOf(answer.aggregates).map((one) => html`<p key=${one.label + one.base_label} class="statement-more">${one.statement}</p>`)}
    ${notes.length > 0 && html`<details class="notes-box" open=${notes.length <= 4}><summary>${counted(notes.length, "note")} on these numbers</summary><ul class="notes">${notes.map((note) => html`<li key=${note}>${note}</li>`)}</ul></details>`}
  </section>`;
}

/** @param {{ pair: Schemas["PairComparison"] & Partial<Schemas["ArmPair"]> }} props */
const Statement = ({ pair }) => html`<li class="statement" data-outcome=${pair.outcome}>
  <${Outcome} outcome=${pair.outcome} />
  <div><p>${pair.verdict}</p>
    ${pair.equal_budgets && html`<p class="sub">${pair.equal_budgets.verdict}</p>`}</div>
</li>`;

/**
 * @param {{ stated: Stated, answer: Schemas["JobsComparison"], names: string[], jobIds: string[], varies: boolean, hasSlopes: boolean,
 *   isOnly: boolean, place: number, isStale: boolean }} props hasSlopes: whether each pair is shown seed by seed
 */
function OnProblem({ stated, answer, names, jobIds, varies, hasSlopes, isOnly, place, isStale }) {
  const metric = metricInWords(stated.metric);
  const scale = query.value.get("scale");
  const heading = (/** @type {string} */ text) => (isOnly ? text : `${text}: ${stated.title}`);
  const withValues = stated.pairs.filter((pair) => pair.values?.length);
  return html`
    ${stated.pairs.length > 0 && html`<${Section} id=${`forest-${place}`} title=${heading("Paired differences")} note=${`${metric}, intervals of at least ${short(answer.confidence * 100)} %`}>
      <${Forest} pairs=${stated.pairs} metric=${metric} side=${stated.moreIsBetter ? "right" : "left"} scale=${scale === "linear" || scale === "log" ? scale : "auto"} names=${names} theme=${theme.value} /><//>`}
    ${hasSlopes && withValues.length > 0 && html`<${Section} id=${`slopes-${place}`} title=${heading("Seed by seed")} note="base and setting with the same seed, joined"><${Slopes} pairs=${firstOf(withValues)} metric=${metric} moreIsBetter=${stated.moreIsBetter} />
      <${ShowAll} total=${withValues.length} /><//>`}
    ${!hasSlopes && stated.pairs.length > 0 && html`<p><button type="button" class="button small" onClick=${() => setQuery({ seeds: "all" }, { replace: false })}>Show seed by seed: ${stated.pairs.length > FIRST ? `the first ${FIRST} of ${count(stated.pairs.length)} pairs` : counted(stated.pairs.length, "pair")}</button></p>`}
    ${stated.tuned && html`<${Section} id=${`arms-${place}`} title=${heading("Arms")} note=${`selected by the median ${metricInWords(stated.tuned.select_metric)} on the tuning seeds`}><${ArmsTable} tuned=${stated.tuned} /><//>`}
    <div class="halves">
      ${stated.tuned && html`<${Section} id=${`best-of-k-${place}`} title=${heading("What tuning brings")} note="expected best of k settings, with its band"><${ExpectedBest} tuned=${stated.tuned} names=${names} theme=${theme.value} /><//>`}
      ${stated.tuned
        ? html`<${Section} id=${`sensitivity-${place}`} title=${heading("Sensitivity")} note="tuning values by learning rate"><${Sensitivity} lines=${linesOfSeries(stated.tuned.sensitivity)} axis="learning rate" scale="log" metric=${metricInWords(stated.tuned.select_metric)} names=${names} theme=${theme.value} /><//>`
        : isOnly && varies && html`<${SensitivityOfJobs} jobIds=${jobIds} names=${names} />`}
      ${isOnly && html`<${Section} title="How fast" note="profiles over seeds"><${ProfilesOf} profile=${answer.profile} names=${names} theme=${theme.value} query=${query.value} targetMetric=${stated.problem.target_metric} range=${rangeOf(stated)} isStale=${isStale} /><//>`}
    </div>
    <${Section} id=${`table-${place}`} title=${heading(stated.tuned ? "Arms over the confirmation seeds" : "Settings over their seeds")} note=${metric}><${OptimizersTable} optimizers=${stated.optimizers} moreIsBetter=${stated.moreIsBetter} /><//>`;
}

/** The values of the target's metric that were reached. @param {Stated} stated @returns {[number, number] | null} */
function rangeOf({ problem }) {
  const found = problem.optimizers.flatMap((one) => {
    const values = /** @type {Schemas["Distribution"] | null | undefined} */ (/** @type {any} */ (one)[problem.target_metric]) ?? one.value;
    return values ? [values.min, values.max, values.median] : [];
  }).filter((value) => value !== null && Number.isFinite(value));
  const [low, high] = [Math.min(.../** @type {number[]} */ (found)), Math.max(.../** @type {number[]} */ (found))];
  return found.length && low < high ? [low, high] : null;
}

/** Of all settings, where the service has one: no protocol is needed for it. @param {{ jobIds: string[], names: string[] }} props */
function SensitivityOfJobs({ jobIds, names }) {
  const given = sensitivityQuery(query.value, jobIds);
  const found = useRemote(`sensitivity ${given}`, (signal) => inTurn(signal, () => /** @type {Promise<Schemas["SensitivityAnswer"]>} */ (get(`/v1/sweeps/sensitivity?${given}`, { signal }))), {
    refreshOn: (event) => isDue(event, jobIds, Infinity), leastMs: WHILE_RUNNING_MS,
  });
  if (found.problem && !found.problem.isPassing) return null; // its settings differ along no axis, or its jobs in their problem
  const paths = found.data?.axes.filter(({ values }) => values > 1).map(({ path }) => path) ?? [];
  return html`<${Section} title="Sensitivity" note=${found.data ? metricInWords(found.data.metric) : ""} end=${paths.length > 0 && html`<label class="named-choice">Along <select class="field" value=${found.data?.axis.path} onChange=${(/** @type {any} */ event) => setQuery({ axis: event.currentTarget.value })}>
      ${paths.map((path) => html`<option key=${path} value=${path}>${path}</option>`)}</select></label>`}>
    <${Read} remote=${found} what="the sensitivity">${(/** @type {Schemas["SensitivityAnswer"]} */ answer) => html`<${Sensitivity} lines=${linesOfAnswer(answer)} axis=${answer.axis.path} scale=${answer.axis.scale}
      metric=${metricInWords(answer.metric)} names=${answer.arms.every((arm) => names.includes(arm)) ? names : answer.arms} theme=${theme.value} />`}<//><//>`;
}

/** @param {{ optimizers: readonly Schemas["ComparedOptimizer"][], moreIsBetter: boolean }} props */
function OptimizersTable({ optimizers, moreIsBetter }) {
  const shown = optimizers.slice(0, MOST_ROWS);
  const { of, notes: reasons } = numbered();
  return html`<div class="table-scroll"><table class="table"><thead><tr><th>Setting</th><th class="num">Median</th><th class="num">Interval</th><th class="num">Quartiles</th>
      <th class="num">Best</th><th class="num">Worst</th><th class="num">Seeds</th><th class="num">Diverged</th></tr></thead>
    <tbody>${shown.map(({ label, value, seeds, diverged, unfinished, not_recorded: lacking, copy_of: copy, notes }) => html`<tr key=${label}>
      <th scope="row"><${Name} text=${label} />${copy && html` <span class="sub">same as <${Name} text=${copy} /></span>`}${notes.map((note) => html`<span key=${note} class="sub note-line">${note}</span>`)}</th>
      <td class="num best">${number(value?.median, 4)}</td>
      <td class="num">${value?.interval ? html`${side(value.interval.low, value.interval.low_infinity)} to ${side(value.interval.high, value.interval.high_infinity)}<span class="sub note-line">covers ${(100 * value.interval.coverage).toFixed(1)} %</span>` : html`–<sup>${of(value?.no_interval)}</sup>`}</td>
      <td class="num">${value ? `${number(value.lower_quartile, 3)} to ${number(value.upper_quartile, 3)}` : "–"}</td>
      <td class="num">${number(moreIsBetter ? value?.max : value?.min, 4)}</td><td class="num">${value ? worst(moreIsBetter ? value.min : value.max) : "–"}</td>
      <td class="num">${seeds}${unfinished > 0 && html` <span class="sub">+ ${unfinished} open</span>`}${lacking > 0 && html` <span class="sub">${lacking} not recorded</span>`}</td>
      <td class="num">${diverged || "–"}</td></tr>`)}</tbody></table></div>
    <${Footnotes} notes=${reasons} />
    ${optimizers.length > shown.length && html`<p class="sub">The first ${shown.length} of ${optimizers.length}; “Tables” has all.</p>`}`;
}

/** @param {number | null} value @param {string | null | undefined} infinity */
const side = (value, infinity) => (value === null ? (infinity === "-inf" ? "−∞" : "∞") : number(value, 3));

/** @param {number | null} value */
const worst = (value) => (value === null ? html`<span title="diverged or not reached">✖</span>` : number(value, 4));
