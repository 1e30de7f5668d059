/** What stands where data would: while they are read, where there are none, and where they cannot be had. */

import { classes, html } from "../core/ui.js";
import { Heading } from "./basics.js";

/** @typedef {import("../core/ui.js").Children} Children @typedef {import("../core/api.js").ApiProblem} ApiProblem */

/** @param {{ children?: Children }} props what is read */
export const Loading = ({ children }) => html`<p class="loading" role="status">Reading ${children ?? "…"}</p>`;

/** @param {{ title: string, children?: Children }} props why there is nothing, and what would make something */
export const Empty = ({ title, children }) => html`<div class="face"><h2>${title}</h2>${children}</div>`;

/**
 * A problem as the service states it, with each field that is wrong.
 *
 * @param {{ problem: ApiProblem, what?: string, isView?: boolean, onRetry?: (() => void) | undefined }} props what: that
 *   could not be had; with an article an answer about a job. isView: it stands for the whole view, and heads it
 */
export function ProblemFace({ problem, what = "", isView = false, onRetry }) {
  const headed = (/** @type {string} */ text) => (isView ? html`<${Heading} text=${text} />` : html`<h2>${text}</h2>`);
  if (problem.status === 404) {
    return html`<div class="face">${headed("Not found")}<p>${what ? `There is no such ${what.startsWith("the ") ? "job" : what} in your team.` : problem.message} It may have been deleted, or belong to another team.</p></div>`;
  }
  const title = problem.title || (problem.status === 403 ? "Not allowed" : "This did not work");
  return html`<div class="face problem" role="alert">
    ${headed(title)}
    <p>${problem.message}</p>
    ${problem.errors.map((error) => html`<p key=${error.pointer}><code>${error.pointer}</code> ${error.detail}</p>`)}
    ${problem.isPassing && html`<p>It is tried again by itself.</p>`}
    ${onRetry && html`<button class="button" type="button" onClick=${onRetry}>Try again</button>`}
    ${problem.requestId && html`<span class="id">Request ${problem.requestId}</span>`}
  </div>`;
}

/** Whether what was asked for is not there, or not for this team. @param {import("../core/remote.js").Remote<any>} remote */
export const isMissing = ({ data, problem }) => data === undefined && problem?.status === 404;

/**
 * Something that is read: its face until it is there, and what is made of it then.
 *
 * @template T
 * @param {{ remote: import("../core/remote.js").Remote<T>, what: string, heading?: string, children: (data: T) => Children }} props
 *   heading: of a view that is all of it, for as long as nothing has been read
 */
export function Read({ remote, what, heading = "", children }) {
  const { data, problem } = remote;
  if (problem && (data === undefined || !problem.isPassing)) {
    return problem.status === 401 ? null : html`<${ProblemFace} problem=${problem} what=${what} isView=${heading !== ""} onRetry=${problem.isPassing ? remote.reload : undefined} />`;
  }
  if (data === undefined) return html`${heading && html`<${Heading} text=${heading} />`}<${Loading}>${what} …<//>`;
  return html`<div class=${classes("fades", remote.isStale && "stale")} aria-busy=${remote.isStale}>${children(data)}</div>`;
}
