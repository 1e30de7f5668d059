/** Which jobs the tabs of a browser look at closely, as one list for their one stream. */

/** Jobs that one stream can watch. */
export const MOST_WATCHED = 20;

export class Watchers {
  constructor() {
    /** Ids by tab, the tab that spoke last at the end. @type {Map<unknown, readonly string[]>} */
    this.tabs = new Map();
  }

  /** @param {unknown} tab @param {readonly string[]} ids all that it looks at */
  set(tab, ids) {
    this.tabs.delete(tab);
    this.tabs.set(tab, ids);
  }

  /** @param {unknown} tab that is closed */
  delete(tab) {
    this.tabs.delete(tab);
  }

  /** Each job once; of too many those of the tabs that spoke last. @returns {string[]} */
  get ids() {
    return [...new Set([...this.tabs.values()].flat().reverse())].slice(0, MOST_WATCHED).sort();
  }
}
