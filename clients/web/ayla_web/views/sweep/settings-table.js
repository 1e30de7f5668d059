/** Settings of a sweep, the best first, a page at a time; of the cell that is chosen in the heat map, or of all. */

import { get } from "../../core/api.js";
import { count, number, short } from "../../core/format.js";
import { useRemote } from "../../core/remote.js";
import { query, setQuery } from "../../core/router.js";
import { inTurn } from "../../core/turns.js";
import { html } from "../../core/ui.js";
import { Read } from "../../parts/faces.js";
import { Name } from "../../parts/name.js";
import { metricInWords } from "../verdict/figures.js";
import { askedOf, cellOf, conditionsOf } from "./request.js";
import { stopped } from "./stopped.js";

/** @typedef {import("../../core/api.js").Schemas} Schemas */

const PER_PAGE = "25";

/** @param {{ base: string, answer: Schemas["BestAnswer"], map: Schemas["HeatMapAnswer"] | undefined, isOwn: (event: any) => boolean, isFree: boolean }} props isFree: whether what is more important has been read */
export function SettingsTable({ base, answer, map, isOwn, isFree }) {
  const cell = cellOf(query.value.get("cell"));
  const isWaiting = !isFree || (cell !== null && map === undefined);
  const asked = askedOf(query.value, [["after", "cursor"]]);
  asked.set("limit", PER_PAGE);
  const panel = cell && map?.panels[cell.arm];
  if (cell && map && panel) {
    asked.set("arm", panel.arm);
    for (const condition of [...conditionsOf(map.x, cell.column), ...conditionsOf(map.y, cell.row)]) asked.append("where", condition);
  }
  const path = `${base}/settings?${asked}`;
  const found = useRemote(isWaiting ? null : path, (signal) => inTurn(signal, () => /** @type {Promise<Schemas["SettingPage"]>} */ (get(path, { signal }))), { refreshOn: isOwn, leastMs: 5000 });
  return html`${panel && cell && html`<p class="sub chosen-cell">Settings of one cell of <${Name} text=${panel.arm} />: ${map && `${map.x.path} ${short(map.x.values[cell.column])}, ${map.y.path} ${short(map.y.values[cell.row])}`}
      <button type="button" class="button small" onClick=${() => setQuery({ cell: null, after: null })}>All settings</button></p>`}
    <${Read} remote=${found} what="the settings">${(/** @type {Schemas["SettingPage"]} */ page) => html`<${Page} page=${page} answer=${answer} />`}<//>`;
}

/** @param {{ page: Schemas["SettingPage"], answer: Schemas["BestAnswer"] }} props */
function Page({ page, answer }) {
  const paths = answer.axes.map(({ path }) => path);
  const after = query.value.get("after");
  if (!page.data.length) return html`<p class="sub">No setting stands here.</p>`;
  return html`<div class="table-scroll"><table class="table settings"><thead><tr><th class="num">Rank</th><th>Arm</th>
      ${paths.map((path) => html`<th key=${path} class="num">${path}</th>`)}
      <th class="num" aria-sort=${page.more_is_better ? "descending" : "ascending"}>${metricInWords(page.metric)}</th>${answer.seeds > 1 && html`<th class="num">Best seed</th><th class="num">Worst seed</th>`}<th>Stopped early</th></tr></thead>
    <tbody>${page.data.map((row) => html`<tr key=${`${row.job_id}-${row.setting}`} title=${row.label}>
      <td class="num">${row.rank === null ? "–" : count(row.rank)}</td><td><${Name} text=${row.arm} /></td>
      ${paths.map((path) => html`<td key=${path} class="num">${row.axes[path] === undefined ? "" : short(row.axes[path], 5)}</td>`)}
      <td class="num best">${row.value === null ? (row.rank === null ? html`<span class="sub">${row.known_seeds} of ${row.seeds} seeds</span>` : "✖ diverged") : number(row.value, 6)}</td>
      ${answer.seeds > 1 && html`<td class="num">${number(row.best_seed, 4)}</td><td class="num">${row.worst_seed === null && row.diverged_seeds ? "✖" : number(row.worst_seed, 4)}</td>`}
      <td>${stopped(row) || "–"}</td></tr>`)}</tbody></table></div>
    <div class="toolbar">
      ${after && html`<button type="button" class="button" onClick=${() => setQuery({ after: null }, { replace: false })}>From the best</button>`}
      ${page.next_cursor && html`<button type="button" class="button" onClick=${() => setQuery({ after: page.next_cursor }, { replace: false })}>Next ${page.data.length}</button>`}
      <span class="sub">${count(page.total)} in all</span>
    </div>`;
}
