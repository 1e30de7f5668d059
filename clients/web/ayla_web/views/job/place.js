/** Where a job that waits stands in the queue, and when it should run. */

import { html } from "../../core/ui.js";
import { get } from "../../core/api.js";
import { count, finishOf, startOf } from "../../core/format.js";
import { useRemote } from "../../core/remote.js";
import { isState } from "../../live/changes.js";

/** @typedef {import("../../core/api.js").Schemas["QueuePosition"]} QueuePosition */

/** Shortest time between two readings: with many jobs each of their changes may move this one. */
const LEAST_MS = 2000;

/** @param {{ id: string }} props */
export function Place({ id }) {
  const { data: place } = useRemote(`place ${id}`, (signal) => /** @type {Promise<QueuePosition>} */ (get(`/v1/jobs/${encodeURIComponent(id)}/queue-position`, { signal })), { refreshOn: (event) => isState(event), leastMs: LEAST_MS });
  if (!place) return html`<div><dt>Starts</dt><dd>–</dd></div>`;
  if (place.reason) return html`<div><dt>Starts</dt><dd><small>${place.reason}</small></dd></div>`;
  return html`<div><dt>Shards ahead</dt><dd>${place.position === null ? "–" : count(place.position - 1)}${place.is_more && html` <small>or more</small>`}</dd></div>
    <div><dt>Starts</dt><dd>${startOf(place)}</dd></div>
    <div><dt>Done</dt><dd>${finishOf(place)}</dd></div>`;
}
