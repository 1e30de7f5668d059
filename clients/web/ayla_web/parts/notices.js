/** Short notices of what was done or went wrong, read aloud as they come. */

import { html, signal } from "../core/ui.js";
import { ApiProblem } from "../core/api.js";

/** @typedef {{ id: number, text: string, bad: boolean }} Notice */

const notices = signal(/** @type {Notice[]} */ ([]));
let next = 0;

/** @param {string} text @param {{ bad?: boolean }} [how] */
export function tell(text, { bad = false } = {}) {
  const notice = { id: (next += 1), text, bad };
  notices.value = [...notices.value.slice(-3), notice];
  if (!bad) setTimeout(() => dismiss(notice.id), 6000);
}

/** @param {number} id */
const dismiss = (id) => (notices.value = notices.value.filter((notice) => notice.id !== id));

/**
 * Do something that the service may refuse, and say how it went.
 *
 * @template T
 * @param {() => Promise<T>} act
 * @param {string} [done] what to say afterwards
 * @returns {Promise<T | undefined>}
 */
export async function attempt(act, done) {
  try {
    const result = await act();
    if (done) tell(done);
    return result;
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
    tell([error.message, ...error.errors.map((one) => one.detail)].filter((text, place, all) => all.indexOf(text) === place).join(" "), { bad: true });
    return undefined;
  }
}

export const Notices = () => html`<div class="notices" role="log" aria-live="polite" aria-label="Notices">
  ${notices.value.map((notice) => html`<div key=${notice.id} class=${notice.bad ? "notice bad" : "notice"}>
    <span>${notice.text}</span>
    <button type="button" class="button quiet small" aria-label="Dismiss" onClick=${() => dismiss(notice.id)}>✕</button>
  </div>`)}
</div>`;
