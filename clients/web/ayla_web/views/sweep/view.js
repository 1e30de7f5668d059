/** Sweep: where the settings are good, which is best, and how much each number matters. */

import { get } from "../../core/api.js";
import { counted, nameOf, number, short } from "../../core/format.js";
import { useRemote } from "../../core/remote.js";
import { query, setQuery } from "../../core/router.js";
import { theme } from "../../core/theme.js";
import { inTurn } from "../../core/turns.js";
import { html, useMemo } from "../../core/ui.js";
import { useJob } from "../../live/jobs.js";
import { Choice, Heading, Section } from "../../parts/basics.js";
import { Empty, ProblemFace, Read, isMissing } from "../../parts/faces.js";
import { Name } from "../../parts/name.js";
import { Standing } from "../../parts/standing.js";
import { metricInWords } from "../verdict/figures.js";
import { Sensitivity, linesOfAnswer } from "../verdict/tuning.js";
import { HeatMap, Legend, colourScale, panelsOf } from "./heatmap.js";
import { askedOf, cellOf, cellText, heatmapQuery } from "./request.js";
import { SettingsTable } from "./settings-table.js";

/** @typedef {import("../../core/api.js").Schemas} Schemas */

/** Everything of a sweep is read for an answer, so a running one is not asked about at each event. */
const AGAIN_MS = 5000;

/** @template T @param {string | null} path @param {(event: import("../../live/follower.js").LiveEvent) => boolean} refreshOn @returns {import("../../core/remote.js").Remote<T>} */
const useAnswer = (path, refreshOn) => useRemote(path, (signal) => inTurn(signal, () => /** @type {Promise<T>} */ (get(path ?? "", { signal }))), { refreshOn, leastMs: AGAIN_MS });

/** @param {{ id: string }} props */
export function View({ id }) {
  const base = `/v1/jobs/${encodeURIComponent(id)}`;
  const isOwn = (/** @type {import("../../live/follower.js").LiveEvent} */ { event, data }) => data?.job_id === id && (event === "state" || event === "end" || event === "progress");
  const job = useJob(id);
  /** @type {import("../../core/remote.js").Remote<Schemas["BestAnswer"]>} */
  const best = useAnswer(`${base}/best?${askedOf(query.value)}`, isOwn);
  /** @type {import("../../core/remote.js").Remote<Schemas["HeatMapAnswer"]>} */
  const map = useAnswer(best.data && hasMap(best.data) ? `${base}/heatmap?${heatmapQuery(query.value)}` : null, isOwn);
  if (job.problem && isMissing(job)) return html`<${ProblemFace} problem=${job.problem} what="job" isView />`;
  const name = job.data ? nameOf(job.data) : "…";
  // The map first: it is what is looked at.
  const isFree = map.data !== undefined || map.problem !== null || (best.data !== undefined && !hasMap(best.data));
  return html`<${Heading} text=${`Sweep: ${name}`} sub=${html`<${Standing} jobs=${job.data && [job.data]} />`}><a class="button" href=${`/jobs/${id}`}>Curves</a><a class="button" href=${`/jobs/${id}/verdict`}>Verdict</a><a class="button" href=${`/new?from=${id}`}>Clone and change</a><//>
    <${Controls} answer=${best.data} map=${map.data} />
    <${Read} remote=${best} what="the sweep">${(/** @type {Schemas["BestAnswer"]} */ answer) => html`
      <div class="sweep">
        <div class=${hasMap(answer) ? "sweep-main" : "sweep"}><${Maps} map=${map} answer=${answer} /><${Bests} answer=${answer} /></div>
        <${Along} base=${base} answer=${answer} isOwn=${isOwn} isFree=${isFree} />
        <${Section} title="Settings" note=${`the best first, by ${metricInWords(answer.metric)}`}><${SettingsTable} base=${base} answer=${answer} map=${map.data} isOwn=${isOwn} isFree=${isFree} /><//>
      </div>`}<//>`;
}

/** Axes along which there are several values. @param {Schemas["BestAnswer"]} answer */
const varying = (answer) => answer.axes.filter(({ values }) => values > 1).map(({ path }) => path);

/** Whether settings of one arm can differ along two axes. @param {Schemas["BestAnswer"]} answer */
const hasMap = (answer) => varying(answer).length >= 2 && answer.best.some(({ setting }) => setting === null || varying(answer).filter((path) => path in setting.axes).length >= 2);

/**
 * What is shown, and by what. It stands beside the answer: where there is none, as by a metric that the job does not have,
 * another can be asked for.
 *
 * @param {{ answer: Schemas["BestAnswer"] | undefined, map: Schemas["HeatMapAnswer"] | undefined }} props
 */
function Controls({ answer, map }) {
  const given = query.value;
  const paths = answer && hasMap(answer) ? varying(answer) : [];
  const [x, y] = [given.get("x") ?? map?.x.path ?? "", given.get("y") ?? map?.y.path ?? ""];
  /** @param {"x" | "y"} side */
  const axis = (side) => (/** @type {any} */ event) => {
    const value = event.currentTarget.value;
    const other = side === "x" ? y : x;
    // The axis that is taken from the other side is given to it in exchange.
    setQuery({ x, y, [side]: value, ...(value === other ? { [side === "x" ? "y" : "x"]: side === "x" ? x : y } : {}), cell: null });
  };
  const select = (/** @type {string} */ word, /** @type {string} */ value, /** @type {readonly (readonly [string, string])[]} */ options, /** @type {(event: any) => void} */ onChange) => html`<label class="named-choice">${word}
    <select class="field" value=${value} onChange=${onChange}>${options.map(([one, text]) => html`<option key=${one} value=${one}>${text}</option>`)}</select></label>`;
  const metric = given.get("metric") ?? "";
  const metrics = [...new Set([...(answer?.metrics ?? []), metric])].filter((one) => one && (metric || one !== answer?.metric));
  return html`<div class="toolbar" role="group" aria-label="What is shown">
    ${paths.length >= 2 && html`${select("Across", x, paths.map((path) => [path, path]), axis("x"))}${select("Up", y, paths.map((path) => [path, path]), axis("y"))}`}
    ${select("By", metric, [["", metric || !answer ? "the default" : `${metricInWords(answer.metric)} (default)`], ...metrics.map((one) => /** @type {const} */ ([one, metricInWords(one)]))], (event) => setQuery({ metric: event.currentTarget.value, after: null }))}
    ${answer !== undefined && answer.seeds > 1 && select("Over seeds", given.get("over") ?? "median", [["median", "median"], ["mean", "mean"], ["worst", "worst"]], (event) => setQuery({ over: event.currentTarget.value === "median" ? null : event.currentTarget.value, after: null }))}
    ${paths.length > 2 && html`<${Choice} name="Other axes by" shown value=${given.get("reduce") ?? "best"} options=${[["best", "best"], ["median", "median"]]} onChange=${(/** @type {string} */ value) => setQuery({ reduce: value === "best" ? null : value })} />`}
    <${Choice} name="Colours" shown value=${given.get("scale") ?? "auto"} options=${[["auto", "auto"], ["linear", "linear"], ["log", "log"]]} onChange=${(/** @type {string} */ value) => setQuery({ scale: value === "auto" ? null : value })} />
  </div>`;
}

/** @param {{ answer: Schemas["BestAnswer"] }} props */
const Bests = ({ answer }) => html`<${Section} title="Best settings" note=${`${counted(answer.settings, "setting")}, ${counted(answer.seeds, "seed")}`}>
  <ul class="bests">${answer.best.map((one) => html`<li key=${one.arm ?? ""} class="best-card">
    <div class="best-head"><strong><${Name} text=${one.arm ?? "No arm"} /></strong><span class="sub">of ${counted(one.selected_among, "setting")}${one.different !== one.selected_among ? `, ${one.different} different` : ""}</span></div>
    ${one.setting ? html`<p class="best-value">${number(one.value, 5)}</p>
      <p class="axes">${Object.entries(one.setting.axes).map(([path, value]) => html`<span key=${path}><span class="sub">${path}</span> ${short(value, 5)}${one.at_ends[path] && html` <span class="edge-note" title="The best may lie beyond what was tried">${one.at_ends[path]} tried</span>`}</span>`)}</p>
      <p class="sub">${[one.seeds > 1 && `Seeds from ${number(one.best_seed, 3)} to ${one.worst_seed === null ? "diverged" : number(one.worst_seed, 3)}`, one.tied > 0 && `${counted(one.tied, "other")} as good`, one.diverged > 0 && `${counted(one.diverged, "setting")} diverged`].filter(Boolean).join("; ")}</p>
      <p class="sub">${one.luck}</p>`
      : html`<p class="sub">${one.waiting ? `${counted(one.waiting, "setting")} without a result yet.` : "No setting has a finite value."}</p>`}
  </li>`)}</ul>
  ${answer.notes.length > 0 && html`<ul class="notes">${answer.notes.map((note) => html`<li key=${note}>${note}</li>`)}</ul>`}
<//>`;

/** @param {{ map: import("../../core/remote.js").Remote<Schemas["HeatMapAnswer"]>, answer: Schemas["BestAnswer"] }} props */
function Maps({ map, answer }) {
  const isFlat = map.problem?.type.endsWith("sweep-unavailable");
  if (!varying(answer).length) return html`<${Empty} title="No sweep"><p>All settings of this job have the same numbers. Give an optimizer a list or a range in place of a number to see where it is good.</p><//>`;
  if (isFlat || !hasMap(answer)) return null;
  const note = map.data && `${metricInWords(map.data.metric)} over ${map.data.x.path} and ${map.data.y.path}${answer.seeds > 1 ? `, ${map.data.over_seeds} of ${counted(answer.seeds, "seed")}` : ""}`;
  return html`<${Section} title="Heat map" note=${note}>
    ${map.problem?.type.endsWith("sweep-too-large") && answer.arms.length > 1 && html`<p class="sub">Show one arm: ${answer.arms.map((arm) => html`<button key=${arm} type="button" class="button small" onClick=${() => setQuery({ arm })}>${arm}</button>`)}</p>`}
    <${Read} remote=${map} what="the heat map">${(/** @type {Schemas["HeatMapAnswer"]} */ found) => html`<${Panels} answer=${found} />`}<//><//>`;
}

/** @param {{ answer: Schemas["HeatMapAnswer"] }} props */
function Panels({ answer }) {
  const panels = useMemo(() => panelsOf(answer), [answer]);
  const wanted = query.value.get("scale");
  const scale = useMemo(() => colourScale(panels.map(({ cells }) => cells), wanted === "linear" || wanted === "log" ? wanted : "auto", answer.more_is_better), [panels, wanted]);
  const chosen = cellOf(query.value.get("cell"));
  const metric = metricInWords(answer.metric);
  return html`${scale && html`<${Legend} scale=${scale} metric=${metric} />`}
    <div class="maps" data-count=${panels.length}>${panels.map((panel, place) => html`<${HeatMap} key=${panel.arm} panel=${panel} x=${answer.x} y=${answer.y} scale=${scale} metric=${metric} theme=${theme.value}
      heading=${answer.arms.length > 1 ? panel.arm : ""} chosen=${chosen?.arm === place ? chosen : null}
      onChoose=${(/** @type {import("./heatmap.js").Cell | null} */ cell) => setQuery({ cell: cell && cellText(cell, place), after: null })} />`)}</div>
    ${query.value.has("arm") && html`<p class="sub"><button type="button" class="button small" onClick=${() => setQuery({ arm: null })}>Show all arms</button></p>`}
    <ul class="notes">${answer.notes.map((note) => html`<li key=${note}>${note}</li>`)}</ul>`;
}

/** @param {{ base: string, answer: Schemas["BestAnswer"], isOwn: (event: any) => boolean, isFree: boolean }} props isFree: whether what is more important has been read */
function Along({ base, answer, isOwn, isFree }) {
  const paths = varying(answer);
  const axis = query.value.get("axis") ?? "";
  const asked = askedOf(query.value, [["axis", "axis"], ["bins", "bins"]]);
  /** @type {import("../../core/remote.js").Remote<Schemas["SensitivityAnswer"]>} */
  const found = useAnswer(paths.length && isFree ? `${base}/sensitivity?${asked}` : null, isOwn);
  if (!paths.length) return null;
  return html`<${Section} title="Sensitivity" note="what each arm reaches along one axis, over its other axes" end=${html`<label class="named-choice">Along <select class="field" value=${axis || found.data?.axis.path} onChange=${(/** @type {any} */ event) => setQuery({ axis: event.currentTarget.value })}>
      ${paths.map((path) => html`<option key=${path} value=${path}>${path}</option>`)}</select></label>`}>
    <${Read} remote=${found} what="the sensitivity">${(/** @type {Schemas["SensitivityAnswer"]} */ told) => html`<${Sensitivity} lines=${linesOfAnswer(told)} axis=${told.axis.path} scale=${told.axis.scale} metric=${metricInWords(told.metric)} names=${told.arms} theme=${theme.value} />
      ${told.lacking.length > 0 && html`<p class="sub">Without this axis: ${told.lacking.join(", ")}.</p>`}`}<//><//>`;
}
