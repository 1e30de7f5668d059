/** Small parts: states, progress, times, choices and tags. */

import { html, signal, useEffect, useRef } from "../core/ui.js";
import { visits } from "../core/router.js";
import { counted, fullTime, percent, relative } from "../core/format.js";

/** @typedef {import("../core/ui.js").Children} Children */

/** A sign for each state, so that none is told by its colour alone. @type {Record<string, string>} */
const GLYPHS = {
  queued: "○", running: "▶", succeeded: "✓", completed: "✓", failed: "✕", cancelled: "–", diverged: "✖", paused: "‖",
  busy: "▶", idle: "○", preparing: "◌", lost: "✕", stopped: "–", active: "✓", expired: "–", revoked: "✕",
};

/** @param {{ state: string, children?: Children }} props children: other words than the state's own */
export const State = ({ state, children }) =>
  html`<span class="state" data-state=${state}><span class="glyph" aria-hidden="true">${GLYPHS[state] ?? "·"}</span>${children ?? state}</span>`;

/** The state of a job in a word; a pause counts more than being queued. @param {{ state: string, paused_at?: string | null, cancel_requested_at?: string | null }} job */
export function stateOf(job) {
  const isOpen = job.state === "queued" || job.state === "running";
  if (isOpen && job.cancel_requested_at) return "cancelling";
  return isOpen && job.paused_at ? "paused" : job.state;
}

/** @param {{ fraction: number, label: string, done?: boolean }} props label: what makes the progress */
export const Progress = ({ fraction, label, done = false }) => html`<span class="progress" data-done=${done}
  role="progressbar" aria-label=${label} aria-valuemin="0" aria-valuemax="100" aria-valuenow=${Math.floor(fraction * 100)}>
  <span class="track"><i style=${{ transform: `scaleX(${Math.min(1, Math.max(0, fraction))})` }}></i></span>
  <span class="value">${percent(fraction)}</span>
</span>`;

/** The time, by seconds where something on the page counts them. */
export const now = signal(Date.now());
setInterval(() => document.hidden || (now.value = Date.now()), 1000);

/** @param {{ at: string }} props "3 min ago", with the time in full where the pointer rests */
export const Ago = ({ at }) => html`<time datetime=${at} title=${fullTime(at)}>${relative(at, now.value)}</time>`;

/**
 * One of a few, as buttons side by side.
 *
 * @param {{ name: string, value: string, options: readonly (readonly [string, string])[], onChange: (value: string) => void,
 *   shown?: boolean }} props options: value and word of each; shown: whether the name stands before it
 */
export const Choice = ({ name, value, options, onChange, shown = false }) => html`<span class="named-choice">
  ${shown && html`<span aria-hidden="true">${name}</span>`}
  <span class="choice" role="group" aria-label=${name}>
    ${options.map(([one, word]) => html`<button key=${one} type="button" class="button" aria-pressed=${one === value}
      onClick=${() => onChange(one)}>${word}</button>`)}
  </span>
</span>`;

/** @param {{ tags: readonly string[], project?: string | null }} props */
export const Tags = ({ tags, project = null }) => html`<span class="tags">
  ${project && html`<a class="tag" href=${`/jobs?project=${encodeURIComponent(project)}`} title=${`Project ${project}`}>${project}</a>${" "}`}
  ${tags.map((tag) => html`<a key=${tag} class="tag" href=${`/jobs?tag=${encodeURIComponent(tag)}`} title=${`Tag ${tag}`}>#${tag}</a>${" "}`)}
</span>`;

/** How the trials of a job stand, in words. @param {import("../core/api.js").Schemas["TrialCounts"]} trials */
export function trialsInWords(trials) {
  const parts = /** @type {const} */ (["running", "diverged", "failed", "cancelled"]).filter((state) => trials[state]);
  return [counted(trials.total, "trial"), ...parts.map((state) => `${trials[state]} ${state}`)].join(", ");
}

/** @param {string} text becomes the title of the tab while the view is shown */
export function useTitle(text) {
  useEffect(() => {
    document.title = text ? `${text} · AYLA` : "AYLA";
  }, [text]);
}

/** The change of the view after which its heading had the focus. */
let focused = 0;

/**
 * Heading of a view; it gets the focus when the view is gone to.
 *
 * @param {{ text: string, children?: Children, sub?: Children }} props
 */
export function Heading({ text, children, sub }) {
  useTitle(text);
  const element = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    const mine = element.current;
    // One heading takes the place of another when a view has been read.
    return () => void (document.activeElement === mine && (focused = -1));
  }, []);
  useEffect(() => {
    if (visits.value === focused) return;
    focused = visits.value;
    element.current?.focus({ preventScroll: true });
  }, [visits.value]);
  return html`<div class="title"><h1 id="view-title" tabindex="-1" ref=${element}>${text}</h1>${sub}${children && html`<div class="actions">${children}</div>`}</div>`;
}

/** @param {{ title: string, end?: Children, note?: Children, children?: Children, id?: string }} props */
export const Section = ({ title, end, note, children, id }) => html`<section class="section" aria-labelledby=${id ?? `s-${slug(title)}`}>
  <div class="section-head"><h2 id=${id ?? `s-${slug(title)}`}>${title}</h2>${note && html`<span class="sub">${note}</span>`}${end && html`<div class="end actions">${end}</div>`}</div>
  ${children}
</section>`;

/** @param {string} text */
const slug = (text) => text.toLowerCase().replace(/[^a-z0-9]+/g, "-");
