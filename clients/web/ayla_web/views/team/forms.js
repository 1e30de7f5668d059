/** Requests of dialogs: what is wrong with a field stands below it, and all else that was refused above the buttons. */

import { ApiProblem } from "../../core/api.js";
import { html } from "../../core/ui.js";
import { tell } from "../../parts/notices.js";

/** @typedef {import("../../core/api.js").FieldError} FieldError */
/** @typedef {{ fields: readonly FieldError[], message: string }} Refusal message: why, where no field is wrong */

/** @type {Refusal} */
export const NO_REFUSAL = { fields: [], message: "" };

/**
 * @param {() => Promise<unknown>} act
 * @param {(refusal: Refusal) => void} setRefusal
 * @param {string} done what to say afterwards
 * @returns {Promise<boolean>} whether it was done
 */
export async function ask(act, setRefusal, done) {
  setRefusal(NO_REFUSAL);
  try {
    await act();
    if (done) tell(done);
    return true;
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
    setRefusal({ fields: error.errors, message: error.errors.length ? "" : error.message });
    return false;
  }
}

/** @param {FieldError} error @param {string} name */
const isAt = ({ pointer }, name) => pointer.endsWith(`/${name}`);

/** What is wrong with a field. @param {{ refusal: Refusal, name: string }} props */
export const AtField = ({ refusal, name }) => html`${refusal.fields.filter((error) => isAt(error, name)).map((error) => html`<span key=${error.detail} class="field-error">${error.detail}</span>`)}`;

/**
 * What was refused for another reason. Not a notice of the page: under an open dialog nobody can read or dismiss one.
 *
 * @param {{ refusal: Refusal, names?: readonly string[] }} props names: of the fields that have theirs below them
 */
export function Refused({ refusal, names = [] }) {
  const others = refusal.fields.filter((error) => !names.some((name) => isAt(error, name)));
  const lines = [...(refusal.message ? [refusal.message] : []), ...others.map(({ pointer, detail }) => (pointer ? `${pointer.slice(1)}: ${detail}` : detail))];
  return html`${lines.map((line) => html`<p key=${line} class="field-error" role="alert">${line}</p>`)}`;
}
