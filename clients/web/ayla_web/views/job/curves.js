/** Curves of a job as the service draws them: medians and quartiles over the seeds, read again as steps are stored. */

import { html, useMemo } from "../../core/ui.js";
import { get, url } from "../../core/api.js";
import { useRemote } from "../../core/remote.js";
import { theme } from "../../core/theme.js";
import { Chart, Swatch } from "../../charts/chart.js";
import { lookOf } from "../../charts/looks.js";
import { hasFinite, spansDecades } from "../../charts/series.js";
import { unit } from "../../charts/unit.js";
import { isState } from "../../live/changes.js";
import { Loading, ProblemFace } from "../../parts/faces.js";

/** @typedef {import("../../core/api.js").Schemas["JobCurves"]} Curves @typedef {import("../../charts/series.js").Line} Line */

/** Points of a line; more than a screen is wide would not be seen. */
const POINTS = 600;
const POINTS_SMALL = 240;

/** How columns are called on axes. @type {Record<string, string>} */
const NAMES = { loss: "loss", transformed_loss: "transformed loss", scale: "scale", effective_lr: "effective learning rate", grad_norm: "gradient norm", test_loss: "test loss", train_loss: "training batches, loss", full_train_loss: "whole training part, loss", test_accuracy: "test accuracy", train_accuracy: "training batches, accuracy", full_train_accuracy: "whole training part, accuracy" };

/** @param {string} column */
export const nameOfColumn = (column) => NAMES[column] ?? column.replace("param.", "");

/**
 * @typedef {{ job: { id: string }, column: string, height?: number, xLog?: boolean, yLog?: boolean | null, across?: "step" | "epoch",
 *   optimizers?: readonly number[] | null, zoom?: readonly [number, number] | null, onZoom?: (range: [number, number] | null) => void,
 *   onArm?: (index: number) => void, isSmall?: boolean, hasKey?: boolean, title?: string }} CurvesProps yLog: null for a logarithmic axis where
 *   the values ask for one
 */

/** @param {CurvesProps} props */
export function JobCurves({ job, column, xLog = false, optimizers = null, isSmall = false, ...props }) {
  const address = url(`/v1/jobs/${encodeURIComponent(job.id)}/curves`, { column, max_points: isSmall ? POINTS_SMALL : POINTS, scale: xLog ? "log" : "linear", optimizers: optimizers?.join(",") ?? null });
  const remote = useRemote(address, (signal) => /** @type {Promise<Curves>} */ (get(address, { signal })), { refreshOn: (event) => (event.event === "progress" || isState(event)) && event.data.job_id === job.id, leastMs: 250 });
  return html`<${CurvesFigure} remote=${remote} column=${column} xLog=${xLog} ...${props} />`;
}

/**
 * Curves as they are drawn, and what stands in their place before they are read.
 *
 * @param {Omit<CurvesProps, "job" | "optimizers" | "isSmall"> & { remote: import("../../core/remote.js").Remote<Curves>, children?: import("../../core/ui.js").Children }} props
 *   children: what stands below the key
 */
export function CurvesFigure({ remote, column, height = 300, xLog = false, yLog = null, across = "step", zoom = null, onZoom, onArm, hasKey = true, title, children }) {
  const curves = remote.data;
  const tall = Math.round(height * unit());
  const hasEpochs = Boolean(curves?.steps_per_epoch) || Boolean(curves?.curves.some(({ epoch }) => epoch));
  const over = across === "epoch" && !hasEpochs ? "step" : across;
  const lines = useMemo(() => (curves ? linesOf(curves, over, theme.value) : []), [curves, over, theme.value]);
  if (!curves) return remote.problem ? html`<${ProblemFace} problem=${remote.problem} />` : html`<div style=${{ height: `${tall}px` }}><${Loading}>curves …<//></div>`;
  const name = title ?? nameOfColumn(column);
  const note = noteOf(curves, lines);
  return html`<figure class="section">
    ${lines.some(hasFinite)
      ? html`<${Chart} lines=${lines} xName=${over} yName=${name} xLog=${xLog} yLog=${yLog ?? spansDecades(lines)} theme=${theme.value} height=${tall} zoom=${zoom} onZoom=${onZoom} label=${`${name} by ${over}, ${lines.map((line) => line.label).join(", ")}`} />`
      : html`<div class="nothing" style=${{ height: `${tall}px` }}><span class="sub">${lines.some((line) => line.x.length) ? "✖ None of the recorded values is finite." : "Nothing is recorded yet."}</span></div>`}
    ${hasKey && html`<figcaption class="key">${lines.map((line) => onArm
        ? html`<button key=${line.key} type="button" class="arm" title="Show this one alone, or all again" onClick=${() => onArm(Number(line.key))}><${Swatch} look=${line.look} /> ${line.label}</button>`
        : html`<span key=${line.key}><${Swatch} look=${line.look} /> ${line.label}</span>`)}
      ${note && html`<span class="sub">${note}</span>`}</figcaption>`}
    ${children}
  </figure>`;
}

/** @param {Curves} curves @param {readonly Line[]} lines */
function noteOf(curves, lines) {
  const seeds = curves.seeds < curves.seeds_total ? `the first ${curves.seeds} of ${curves.seeds_total} seeds` : `${curves.seeds} seeds`;
  const lost = lines.some(hasFinite) ? lines.filter((line) => line.x.length && !hasFinite(line)) : [];
  return [
    curves.seeds_total > 1 && `median and quartiles over ${seeds}`,
    lines.some((line) => line.ends.length) && "✖ diverged",
    lost.length && `✖ without a finite value: ${lost.map((line) => line.label).join(", ")}`,
    curves.settings > curves.curves.length && `${curves.curves.length} of ${curves.settings} settings, by default the best`,
  ].filter(Boolean).join(" · ");
}

/**
 * @param {Curves} curves
 * @param {"step" | "epoch"} across
 * @param {"dark" | "light"} shown theme
 * @returns {Line[]}
 */
export function linesOf(curves, across, shown) {
  const labels = commonLeftOut(curves.curves.map((curve) => curve.label));
  return curves.curves.map((curve, place) => ({
    key: String(curve.optimizer_index),
    label: labels[place] ?? curve.label,
    look: lookOf(curve.optimizer_index, shown),
    x: placesOf(curves, curve, across),
    median: curve.median,
    low: curve.seeds > 1 ? curve.low : [],
    high: curve.seeds > 1 ? curve.high : [],
    ends: curve.ends.map((end) => ({ x: across === "epoch" ? end.step / (curves.steps_per_epoch || 1) : end.step, value: end.value })),
  }));
}

/** @param {Curves} curves @param {Curves["curves"][number]} curve @param {"step" | "epoch"} across */
function placesOf(curves, curve, across) {
  if (across === "step") return curve.step;
  const per = curves.steps_per_epoch;
  return curve.epoch ?? (per ? curve.step.map((step) => step / per) : curve.step);
}

/** Labels without the settings that all have, as figures write them. @param {readonly string[]} labels @returns {string[]} */
export function commonLeftOut(labels) {
  const words = labels.map((label) => label.split(" "));
  const common = (words[0] ?? []).filter((word) => word.includes("=") && words.every((own) => own.includes(word)));
  const short = words.map((own) => own.filter((word) => !common.includes(word)).join(" ").replace(/:$/, ""));
  return labels.length < 2 || new Set(short).size < labels.length || short.includes("") ? [...labels] : short;
}
