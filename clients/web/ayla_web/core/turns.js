/** Answers that cost the service much, one at a time: it computes two of them at once for all people of a team. */

import { ApiProblem } from "./api.js";

const TRIES = 8;
const WAIT_SECONDS = 1;

/** Settles when the answer before has come. @type {Promise<unknown>} */
let before = Promise.resolve();

/**
 * Ask when the answers that were asked for earlier have come, and again where others keep the service busy.
 *
 * @template T
 * @param {AbortSignal} signal
 * @param {() => Promise<T>} load
 * @returns {Promise<T>}
 */
export function inTurn(signal, load) {
  const mine = before.then(() => patient(signal, load));
  before = mine.catch(() => undefined);
  return mine;
}

/** @template T @param {AbortSignal} signal @param {() => Promise<T>} load @returns {Promise<T>} */
async function patient(signal, load) {
  for (let tried = 1; ; tried += 1) {
    signal.throwIfAborted();
    try {
      return await load();
    } catch (error) {
      if (!(error instanceof ApiProblem) || error.status !== 429 || tried === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000 * (error.retryAfter ?? WAIT_SECONDS)));
    }
  }
}
