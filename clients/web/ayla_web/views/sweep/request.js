/** What a sweep is asked for, from the address of the view. */

/** Parameters of the address, and what the API calls them. */
const JUDGED = /** @type {const} */ ([["metric", "metric"], ["over", "over_seeds"], ["minimum", "minimum"]]);

/**
 * @param {URLSearchParams} query
 * @param {readonly (readonly [string, string])[]} [more]
 * @returns {URLSearchParams}
 */
export function askedOf(query, more = []) {
  const asked = new URLSearchParams();
  for (const [name, parameter] of [...JUDGED, ...more]) {
    const value = query.get(name);
    if (value) asked.set(parameter, value);
  }
  return asked;
}

/** Of the heat map. @param {URLSearchParams} query */
export function heatmapQuery(query) {
  const asked = askedOf(query, [["x", "x"], ["y", "y"], ["reduce", "reduce"], ["bins", "bins"]]);
  for (const arm of query.getAll("arm")) asked.append("arm", arm);
  asked.set("packed", "true");
  return asked;
}

/**
 * Conditions on the axes that the settings of one place meet: of a value the value itself, of a bin its ends.
 *
 * @param {{ path: string, values: (number | null)[], edges: (number | null)[] | null }} places
 * @param {number} place
 * @returns {string[]}
 */
export function conditionsOf({ path, values, edges }, place) {
  if (!edges) {
    const value = Number(values[place]);
    const slack = Math.abs(value) * 1e-9; // grids of two jobs differ in their last bits
    return slack ? [`${path}>=${value - slack}`, `${path}<=${value + slack}`] : [`${path}=${value}`];
  }
  const isLast = place === edges.length - 2;
  return [`${path}>=${edges[place]}`, `${path}${isLast ? "<=" : "<"}${edges[place + 1]}`];
}

/** A cell as the address names it. @param {string | null} text @returns {{ column: number, row: number, arm: number } | null} */
export function cellOf(text) {
  const found = /^(\d{1,4})-(\d{1,4})(?:-(\d{1,3}))?$/.exec(text ?? "");
  return found ? { column: Number(found[1]), row: Number(found[2]), arm: Number(found[3] ?? 0) } : null;
}

/** @param {{ column: number, row: number }} cell @param {number} arm */
export const cellText = ({ column, row }, arm) => `${column}-${row}${arm ? `-${arm}` : ""}`;
