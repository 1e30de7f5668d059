/** Requests of dialogs: errors stand at their fields, and are told where they belong to none. */

import { ApiProblem } from "../../core/api.js";
import { tell } from "../../parts/notices.js";

/**
 * @param {() => Promise<unknown>} act
 * @param {(errors: readonly import("../../core/api.js").FieldError[]) => void} setErrors
 * @param {string} done what to say afterwards
 * @returns {Promise<boolean>} whether it was done
 */
export async function ask(act, setErrors, done) {
  try {
    await act();
    setErrors([]);
    if (done) tell(done);
    return true;
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
    setErrors(error.errors);
    if (!error.errors.length) tell(error.message, { bad: true });
    return false;
  }
}
