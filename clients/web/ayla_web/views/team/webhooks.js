/** Webhooks: addresses that are told when a job ends, and what was sent to them. */

import { get, patch, post, remove } from "../../core/api.js";
import { useRemote } from "../../core/remote.js";
import { may } from "../../core/session.js";
import { html, useState } from "../../core/ui.js";
import { Ago } from "../../parts/basics.js";
import { Dialog, Menu, Question } from "../../parts/dialog.js";
import { Read } from "../../parts/faces.js";
import { attempt } from "../../parts/notices.js";
import { AtField, NO_REFUSAL, Refused, ask } from "./forms.js";
import { ShownOnce } from "./keys.js";

/** @typedef {import("../../core/api.js").Schemas} Schemas @typedef {Schemas["Webhook"]} Webhook */

const EVENTS = /** @type {const} */ ([["job.succeeded", "succeeded"], ["job.failed", "failed"], ["job.cancelled", "was cancelled"]]);

export function Webhooks() {
  const hooks = useRemote("webhooks", (signal) => /** @type {Promise<Schemas["WebhookPage"]>} */ (get("/v1/webhooks?limit=100", { signal })));
  const [isMaking, setMaking] = useState(false);
  const [shown, setShown] = useState(/** @type {Schemas["WebhookWithSecret"] | null} */ (null));
  const [read, setRead] = useState(/** @type {Webhook | null} */ (null));
  const [leaving, setLeaving] = useState(/** @type {Webhook | null} */ (null));
  const mayChange = may("submit");
  const does = (/** @type {() => Promise<any>} */ act, /** @type {string} */ done) => () => attempt(act, done).then(hooks.reload);
  const made = (/** @type {Schemas["WebhookWithSecret"] | undefined} */ hook) => {
    if (hook) setShown(hook);
    hooks.reload();
  };
  const items = (/** @type {Webhook} */ hook) => /** @type {[string, () => void][]} */ ([
    ["What was sent", () => setRead(hook)],
    ...(mayChange ? [
      ["Send a test", does(() => post(`/v1/webhooks/${hook.id}/test`), "A test message is on its way")],
      [hook.enabled ? "Switch off" : "Switch on", does(() => patch(`/v1/webhooks/${hook.id}`, { enabled: !hook.enabled }), hook.enabled ? "Nothing is sent there now" : "Messages are sent again")],
      ["New secret", () => attempt(() => post(`/v1/webhooks/${hook.id}/rotate-secret`)).then(made)],
      ["Delete", () => setLeaving(hook)],
    ] : []),
  ]);
  return html`<${Read} remote=${hooks} what="the webhooks">${(/** @type {Schemas["WebhookPage"]} */ page) => html`
      ${page.data.length ? html`<div class="table-scroll"><table class="table"><thead><tr><th>Address</th><th>Sent when a job</th><th>Owner</th><th>Since</th><th>State</th><th><span class="unseen">Actions</span></th></tr></thead>
        <tbody>${page.data.map((hook) => html`<tr key=${hook.id}><th scope="row"><span class="mono">${hook.url}</span>${hook.description && html`<span class="sub note-line">${hook.description}</span>`}</th><td>${hook.events.map((event) => EVENTS.find(([name]) => name === event)?.[1] ?? event).join(", ")}</td>
          <td>${hook.owner}</td><td><${Ago} at=${hook.created_at} /></td><td>${hook.enabled ? "on" : "off"}</td><td class="num"><${Menu} label="⋯" name=${hook.url} items=${items(hook)} /></td></tr>`)}</tbody></table></div>`
        : html`<p class="sub">Nobody is told: a webhook sends a signed message to an address of yours when a job ends.</p>`}
      ${mayChange && html`<p class="actions"><button type="button" class="button" onClick=${() => setMaking(true)}>Add a webhook</button></p>`}`}<//>
    ${isMaking && html`<${HookDialog} onClose=${() => setMaking(false)} onMade=${made} />`}
    ${shown && html`<${ShownOnce} title="The secret of the webhook" what="signing secret" secret=${shown.secret} onClose=${() => setShown(null)} />`}
    ${read && html`<${Deliveries} hook=${read} onClose=${() => setRead(null)} />`}
    ${leaving && html`<${Question} title="Delete the webhook?" text=${`Nothing is sent to ${leaving.url} any more.`} confirm="Delete" onClose=${() => setLeaving(null)} onConfirm=${does(() => remove(`/v1/webhooks/${leaving.id}`), "The webhook is deleted")} />`}`;
}

/** @param {{ onClose: () => void, onMade: (hook: Schemas["WebhookWithSecret"]) => void }} props */
function HookDialog({ onClose, onMade }) {
  const [refusal, setRefusal] = useState(NO_REFUSAL);
  const submit = async (/** @type {FormData} */ form) => {
    const draft = { url: form.get("url"), description: form.get("description") || null, events: form.getAll("events") };
    let hook = /** @type {Schemas["WebhookWithSecret"] | null} */ (null);
    if (await ask(async () => { hook = await post("/v1/webhooks", draft); }, setRefusal, "")) {
      onClose();
      if (hook) onMade(hook);
    }
  };
  return html`<${Dialog} title="Add a webhook" onClose=${onClose}><form onSubmit=${(/** @type {any} */ event) => { event.preventDefault(); void submit(new FormData(event.currentTarget)); }}>
    <label class="label">Address<input class="field" name="url" type="url" required placeholder="https://hooks.example.com/ayla" autocomplete="off" /><${AtField} refusal=${refusal} name="url" /></label>
    <label class="label">What it is for<input class="field" name="description" maxlength="200" autocomplete="off" /></label>
    <fieldset class="scopes"><legend class="sub">Sent when a job</legend>${EVENTS.map(([event, word]) => html`<label key=${event} class="form-check"><input type="checkbox" name="events" value=${event} defaultChecked /> ${word}</label>`)}</fieldset>
    <${Refused} refusal=${refusal} names=${["url"]} />
    <div class="actions"><button class="button primary">Add</button><button type="button" class="button" onClick=${onClose}>Leave</button></div>
  </form><//>`;
}

/** @param {{ hook: Webhook, onClose: () => void }} props */
function Deliveries({ hook, onClose }) {
  const sent = useRemote(`deliveries ${hook.id}`, (signal) => /** @type {Promise<Schemas["DeliveryPage"]>} */ (get(`/v1/webhooks/${hook.id}/deliveries?limit=20`, { signal })));
  const [refusal, setRefusal] = useState(NO_REFUSAL);
  const again = async (/** @type {string} */ id) => {
    if (await ask(() => post(`/v1/webhooks/${hook.id}/deliveries/${id}/retry`), setRefusal, "")) sent.reload();
  };
  return html`<${Dialog} title="What was sent" onClose=${onClose}>
    <p class="mono sub">${hook.url}</p>
    <${Read} remote=${sent} what="the messages">${(/** @type {Schemas["DeliveryPage"]} */ page) => (page.data.length ? html`<ul class="deliveries">${page.data.map((one) => html`<li key=${one.id}>
        <span><strong>${one.event}</strong> ${one.state}, ${one.attempts === 1 ? "sent once" : `sent ${one.attempts} times`}${one.last_status ? `, answered ${one.last_status}` : ""}, <${Ago} at=${one.created_at} /></span>
        ${one.last_error && html`<span class="sub">${one.last_error}</span>`}
        ${one.state === "failed" && may("submit") && html`<button type="button" class="button small" onClick=${() => again(one.id)}>Send again</button>`}</li>`)}</ul>` : html`<p class="sub">Nothing yet.</p>`)}<//>
    <${Refused} refusal=${refusal} />
    <div class="actions"><button type="button" class="button" onClick=${onClose}>Close</button></div>
  <//>`;
}
