/** API keys: made, replaced and revoked here; a key itself is shown once, when it is made, and kept nowhere. */

import { get, post } from "../../core/api.js";
import { fullTime } from "../../core/format.js";
import { useRemote } from "../../core/remote.js";
import { query, setQuery } from "../../core/router.js";
import { hasKey, may, me } from "../../core/session.js";
import { html, signal, useState } from "../../core/ui.js";
import { Ago, State } from "../../parts/basics.js";
import { CopyButton } from "../../parts/copy.js";
import { Dialog, Menu, Question } from "../../parts/dialog.js";
import { Read } from "../../parts/faces.js";
import { attempt } from "../../parts/notices.js";
import { Name } from "../../parts/name.js";
import { NO_REFUSAL, Refused, ask } from "./forms.js";
import { ReplaceDialog, isOwn } from "./replace.js";

/** @typedef {import("../../core/api.js").Schemas} Schemas @typedef {Schemas["Key"]} Key */

const PER_PAGE = 50;
const SCOPES = /** @type {const} */ ([["read", "read"], ["submit", "submit, also steer jobs"], ["admin", "admin, also manage the team"]]);

/** Days that a key can last; null: for ever. */
const LASTS = /** @type {const} */ ([["30", "30 days"], ["90", "90 days"], ["365", "a year"], ["", "until it is revoked"]]);

/**
 * The key that is shown, and to whom it was. It outlives the view: who replaces their own key can be signed out for a
 * moment, when the stream of the old one ends, and nobody can read a key twice.
 */
const shown = signal(/** @type {{ key: Schemas["KeyWithSecret"], member: string | undefined } | null} */ (null));

/** @param {{ members: readonly Schemas["Member"][] }} props */
export function Keys({ members }) {
  const cursor = query.value.get("keys");
  const keys = useRemote(`keys ${cursor}`, (signal) => /** @type {Promise<Schemas["KeyPage"]>} */ (get(`/v1/keys?limit=${PER_PAGE}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { signal })));
  const [isMaking, setMaking] = useState(false);
  const [replacing, setReplacing] = useState(/** @type {Key | null} */ (null));
  const [ending, setEnding] = useState(/** @type {Key | null} */ (null));
  const made = (/** @type {Schemas["KeyWithSecret"]} */ key) => {
    shown.value = { key, member: me.peek()?.member.id };
    keys.reload();
  };
  const secret = shown.value?.member === me.value?.member.id ? shown.value?.key : null;
  return html`<${Read} remote=${keys} what="the keys">${(/** @type {Schemas["KeyPage"]} */ page) => html`
      ${page.data.length ? html`<div class="table-scroll"><table class="table"><thead><tr><th>Name</th><th>Member</th><th>Begins with</th><th>May</th><th>State</th><th>Last used</th><th>Ends</th><th><span class="unseen">Actions</span></th></tr></thead>
        <tbody>${page.data.map((key) => html`<tr key=${key.id}><th scope="row"><${Name} text=${key.name} />${isOwn(key) && html` <span class="sub">this one</span>`}</th><td><${Name} text=${key.member} /></td><td class="mono">${key.prefix}…</td><td>${key.scopes.join(", ")}</td>
          <td><${State} state=${key.state} /></td><td>${key.last_used_at ? html`<${Ago} at=${key.last_used_at} />` : html`<span class="sub">never</span>`}</td><td>${endOf(key)}</td>
          <td class="num">${key.state === "active" && html`<${Menu} label="⋯" name=${key.name} items=${[["Replace", () => setReplacing(key)], ["Revoke", () => setEnding(key)]]} />`}</td></tr>`)}</tbody></table></div>`
        : html`<p class="sub">There are no keys: on this machine nobody needs one. <code>ayla-service keys create</code> makes the first; from then on everybody needs one.</p>`}
      <p class="actions">${may("submit") && hasKey.value && html`<button type="button" class="button" onClick=${() => setMaking(true)}>Make a key</button>`}
        ${cursor && html`<button type="button" class="button" onClick=${() => setQuery({ keys: null }, { replace: false })}>The newest</button>`}
        ${page.next_cursor && html`<button type="button" class="button" onClick=${() => setQuery({ keys: page.next_cursor }, { replace: false })}>Older keys</button>`}</p>`}<//>
    ${isMaking && html`<${KeyDialog} members=${members} onClose=${() => setMaking(false)} onMade=${made} />`}
    ${secret && html`<${ShownOnce} title=${`The key ${secret.name}`} what="API key" secret=${secret.key} onClose=${() => { shown.value = null; }} />`}
    ${replacing && html`<${ReplaceDialog} old=${replacing} onClose=${() => setReplacing(null)} onMade=${made} />`}
    ${ending && html`<${Question} title=${`Revoke ${ending.name}?`} text=${isOwn(ending) ? "It is the key that you are signed in with: you will be signed out." : "It is refused from the next request on, and its sessions and streams end."} confirm="Revoke"
      onClose=${() => setEnding(null)} onConfirm=${() => attempt(() => post(`/v1/keys/${ending.id}/revoke`), "The key is revoked").then(keys.reload)} />`}`;
}

/** @param {Key} key */
function endOf({ state, revoked_at: revoked, expires_at: expires }) {
  if (revoked && state === "revoked") return html`<${Ago} at=${revoked} />`;
  return expires ? html`<time datetime=${expires} title=${fullTime(expires)}>${fullTime(expires).split(",")[0]}</time>` : html`<span class="sub">when revoked</span>`;
}

/** @param {{ members: readonly Schemas["Member"][], onClose: () => void, onMade: (key: Schemas["KeyWithSecret"]) => void }} props */
function KeyDialog({ members, onClose, onMade }) {
  const [refusal, setRefusal] = useState(NO_REFUSAL);
  const own = me.value?.member.id;
  const submit = async (/** @type {FormData} */ form) => {
    const days = Number(form.get("days"));
    const draft = {
      name: form.get("name"),
      scopes: form.getAll("scopes"),
      expires_at: days ? new Date(Date.now() + days * 86_400_000).toISOString() : null,
      ...(form.get("member") && form.get("member") !== own ? { member_id: form.get("member") } : {}),
    };
    let key = /** @type {Schemas["KeyWithSecret"] | null} */ (null);
    if (await ask(async () => { key = await post("/v1/keys", draft); }, setRefusal, "")) {
      onClose();
      if (key) onMade(key);
    }
  };
  return html`<${Dialog} title="Make a key" onClose=${onClose}><form onSubmit=${(/** @type {any} */ event) => { event.preventDefault(); void submit(new FormData(event.currentTarget)); }}>
    <label class="label">Name, what it is for<input class="field" name="name" required maxlength="100" autocomplete="off" /></label>
    ${may("admin") && members.length > 1 && html`<label class="label">Member<select class="field" name="member">${members.map((member) => html`<option key=${member.id} value=${member.id} selected=${member.id === own}>${member.name} (${member.role})</option>`)}</select></label>`}
    <fieldset class="scopes"><legend class="sub">It may</legend>${SCOPES.map(([scope, word]) => html`<label key=${scope} class="form-check"><input type="checkbox" name="scopes" value=${scope} defaultChecked=${scope === "read" || (scope === "submit" && may("submit"))} disabled=${!may(scope)} /> ${word}</label>`)}</fieldset>
    <label class="label">Lasts<select class="field" name="days">${LASTS.map(([days, word]) => html`<option key=${days} value=${days} selected=${days === "90"}>${word}</option>`)}</select></label>
    <${Refused} refusal=${refusal} />
    <div class="actions"><button class="button primary">Make</button><button type="button" class="button" onClick=${onClose}>Leave</button></div>
  </form><//>`;
}

/** A secret, the only time that it can be seen. @param {{ title: string, what: string, secret: string, onClose: () => void }} props */
export const ShownOnce = ({ title, what, secret, onClose }) => html`<${Dialog} title=${title} onClose=${onClose}>
  <p>This ${what} is shown now and never again: the service keeps no more than its digest.</p>
  <p class="secret mono" tabindex="0">${secret}</p>
  <div class="actions"><${CopyButton} text=${secret} name=${what} /><button type="button" class="button primary" onClick=${onClose}>I have it</button></div>
<//>`;
