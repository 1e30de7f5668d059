/** Profiles: how often which optimizer was how fast, to a target that a slider moves. */

import { axisOf, backward, forward } from "../../charts/axis.js";
import { MARKS, lookOf } from "../../charts/looks.js";
import { Key, Plot, stairs } from "../../charts/plot.js";
import { counted, number, percent, short } from "../../core/format.js";
import { setQuery } from "../../core/router.js";
import { html, useEffect, useState } from "../../core/ui.js";
import { Choice } from "../../parts/basics.js";
import { metricInWords } from "./figures.js";

/** @typedef {import("../../core/api.js").Schemas} Schemas @typedef {import("../../charts/plot.js").Area} Area */

const KINDS = /** @type {const} */ ([["ecdf", "ECDF"], ["performance", "performance"], ["data", "data"]]);
const COSTS = /** @type {const} */ ([["steps", "steps"], ["gradient_evaluations", "gradients"], ["seconds", "seconds"]]);

/** Places of the slider. */
const NOTCHES = 200;

/** Time after the slider has moved until the service is asked. */
const ASK_AFTER_MS = 250;

/**
 * @param {{ profile: Schemas["Profiles"] | null, names: readonly string[], theme: "dark" | "light", query: URLSearchParams,
 *   targetMetric: string, range: readonly [number, number] | null, isStale: boolean }} props range: of the values that were reached
 */
export function ProfilesOf({ profile, names, theme, query, targetMetric, range, isStale }) {
  const kind = KINDS.find(([one]) => one === query.get("profile"))?.[0] ?? "ecdf";
  return html`<div class="toolbar">
      <${Choice} name="Profile" value=${kind} options=${KINDS} onChange=${(/** @type {string} */ value) => setQuery({ profile: value === "ecdf" ? null : value })} />
      <${Choice} name="Cost" shown value=${query.get("cost") ?? "steps"} options=${COSTS} onChange=${(/** @type {string} */ value) => setQuery({ cost: value === "steps" ? null : value })} />
    </div>
    ${range && html`<${Slider} range=${range} metric=${targetMetric} given=${query.get("target")} />`}
    ${!profile || profile.no_curves ? html`<p class="sub">${profile?.no_curves ?? "The trajectories are too long to be read for profiles."}</p>` : html`
      <div class=${isStale ? "stale" : ""}><${Curves} profile=${profile} kind=${kind} names=${names} theme=${theme} /></div>
      <p class="sub">${inWords(profile, targetMetric)}</p>`}`;
}

/** @param {Schemas["Profiles"]} profile @param {string} metric */
function inWords(profile, metric) {
  const goal = profile.measure === "steps_to_target" ? `the target of the ${metricInWords(metric)}` : `all but ${short((profile.tolerance ?? 0) * 100)} % of the way from the first value to the best`;
  const left = profile.left_out.length ? ` Without ${profile.left_out.join(", ")}, which lack a result on some problem.` : "";
  return `Solved is who reached ${goal}, on ${counted(profile.instances, "instance")} (problems with seeds). The ECDF counts ${counted(profile.targets, "target")} on each.${left}`;
}

/** @param {{ profile: Schemas["Profiles"], kind: string, names: readonly string[], theme: "dark" | "light" }} props */
function Curves({ profile, kind, names, theme }) {
  const found = profile.curves.map((curve) => ({ name: curve.label, curve, ...seriesOf(curve, kind) }));
  const xs = found.flatMap(({ xs: own }) => own.filter((value) => value > 0));
  const isLog = kind !== "data";
  const end = kind === "performance" ? Math.max(2, ...xs) * 1.2 : (profile.end ?? Math.max(1, ...xs));
  const low = isLog ? Math.min(...xs, end) : 0;
  const x = axisOf([low, end], { scale: isLog && low > 0 ? "log" : "linear", pad: 0 });
  const y = axisOf([0, 1], { pad: 0.03, ticks: 4 });
  const looks = found.map(({ name, curve }) => ({ name, look: lookOf(Math.max(0, names.indexOf(name)), theme), note: `${percent(kind === "ecdf" ? curve.ecdf.reached : curve.solved)} ${kind === "ecdf" ? "reached" : "solved"}` }));
  const word = kind === "performance" ? "times the cost of the fastest, τ" : profile.cost.replaceAll("_", " ");
  return html`<${Key} items=${looks} marks=${MARKS} />
    <${Plot} x=${x} y=${{ ...y, ticks: y.ticks.map(({ at }) => ({ at, text: `${Math.round(at * 100)} %` })) }} height=${230} xName=${word} yName=${kind === "ecdf" ? "of targets reached" : "of instances solved"}
      label=${`${kind} profile: ${looks.map(({ name, note }) => `${name} ${note}`).join("; ")}`}>${(/** @type {Area} */ area) => found.map(({ name, xs: own, ys }) => {
        const look = lookOf(Math.max(0, names.indexOf(name)), theme);
        return html`<path key=${name} class="line" d=${stairs(area, own.map((value) => Math.max(value, x.low)), ys, x.high)} stroke=${look.colour} stroke-dasharray=${look.dash.map((one) => one * 2).join(" ")} />`;
      })}<//>`;
}

/** @param {Schemas["ProfileCurves"]} curve @param {string} kind @returns {{ xs: number[], ys: number[] }} */
function seriesOf(curve, kind) {
  if (kind === "performance") return { xs: curve.performance.tau, ys: curve.performance.share };
  const { cost, share } = kind === "data" ? curve.data : curve.ecdf;
  return { xs: [...cost], ys: [...share] };
}

/**
 * The target, between the best and the worst value; the service is asked again where it comes to rest.
 *
 * @param {{ range: readonly [number, number], metric: string, given: string | null }} props
 */
function Slider({ range, metric, given }) {
  const [low, high] = range;
  const scale = low > 0 && high / low >= 10 ? "log" : "linear";
  const [ends0, ends1] = [forward(scale, low), forward(scale, high)];
  const placeOf = (/** @type {number} */ value) => Math.round((NOTCHES * (forward(scale, value) - ends0)) / (ends1 - ends0 || 1));
  const [moved, setMoved] = useState(/** @type {number | null} */ (null));
  const target = moved ?? (given && Number.isFinite(Number(given)) ? Number(given) : null);
  useEffect(() => {
    if (moved === null) return undefined;
    const timer = setTimeout(() => {
      setQuery({ target: moved });
      setMoved(null);
    }, ASK_AFTER_MS);
    return () => clearTimeout(timer);
  }, [moved]);
  const chosen = (/** @type {number} */ notch) => Number(backward(scale, ends0 + ((ends1 - ends0) * notch) / NOTCHES).toPrecision(4));
  return html`<label class="slider"><span>Target of the ${metricInWords(metric)}</span>
    <input type="range" min="0" max=${NOTCHES} value=${target === null ? NOTCHES / 2 : Math.min(NOTCHES, Math.max(0, placeOf(target)))}
      aria-valuetext=${target === null ? "none" : String(target)} onInput=${(/** @type {any} */ event) => setMoved(chosen(Number(event.currentTarget.value)))} />
    <output>${target === null ? "none: near the best" : number(target, 4)}</output>
    ${target !== null && html`<button type="button" class="button small quiet" onClick=${() => { setMoved(null); setQuery({ target: null }); }}>No target</button>`}
  </label>`;
}
