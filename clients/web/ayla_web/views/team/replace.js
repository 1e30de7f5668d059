/** Replacing a key: the new one has the same name and scopes, and the old one can go on until programs have the new one. */

import { post } from "../../core/api.js";
import { me, signIn } from "../../core/session.js";
import { html, useState } from "../../core/ui.js";
import { Dialog } from "../../parts/dialog.js";
import { attempt } from "../../parts/notices.js";
import { NO_REFUSAL, Refused, ask } from "./forms.js";

/** @typedef {import("../../core/api.js").Schemas} Schemas @typedef {Schemas["Key"]} Key */

/** Seconds that the old key goes on. */
const GOES_ON = /** @type {const} */ ([["0", "ends at once"], ["3600", "ends in an hour"], ["86400", "ends in a day"]]);

/** Seconds that one's own key goes on in any case: until one is signed in with the new one. */
const CHANGEOVER = 60;

/** @param {Key} key @returns {boolean} whether the page is signed in with it */
export const isOwn = (key) => key.id === me.value?.key?.id;

/** @param {{ old: Key, onClose: () => void, onMade: (key: Schemas["KeyWithSecret"]) => void }} props */
export function ReplaceDialog({ old, onClose, onMade }) {
  const [refusal, setRefusal] = useState(NO_REFUSAL);
  const [mine] = useState(() => isOwn(old));
  const submit = async (/** @type {FormData} */ form) => {
    let made = /** @type {Schemas["KeyWithSecret"] | null} */ (null);
    if (await ask(async () => { made = await replaced(old, mine, Number(form.get("seconds"))); }, setRefusal, "")) {
      onClose();
      if (made) onMade(made);
    }
  };
  return html`<${Dialog} title=${`Replace ${old.name}?`} onClose=${onClose}><form onSubmit=${(/** @type {any} */ event) => { event.preventDefault(); void submit(new FormData(event.currentTarget)); }}>
    <p>${mine ? "It is the key that you are signed in with: you stay signed in, with the new one." : "Programs that use it are refused when it ends. The new one may do the same."}</p>
    <label class="label">The old key<select class="field" name="seconds">${GOES_ON.map(([seconds, word]) => html`<option key=${seconds} value=${seconds} selected=${seconds === "3600"}>${word}</option>`)}</select></label>
    <${Refused} refusal=${refusal} />
    <div class="actions"><button class="button primary">Replace</button><button type="button" class="button" autofocus onClick=${onClose}>Keep it</button></div>
  </form><//>`;
}

/**
 * @param {Key} old
 * @param {boolean} mine whether the page is signed in with it
 * @param {number} seconds that it goes on
 * @returns {Promise<Schemas["KeyWithSecret"]>} the new one
 */
async function replaced(old, mine, seconds) {
  const made = await post(`/v1/keys/${old.id}/rotate`, { overlap_seconds: mine ? Math.max(seconds, CHANGEOVER) : seconds });
  // Signed in with the new key first: whoever is signed out now never sees it.
  if (mine) await attempt(() => signIn(made.key).then(() => (seconds ? null : post(`/v1/keys/${old.id}/revoke`))));
  return made;
}
