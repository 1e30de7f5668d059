/** Members of the team; admins add, change and remove them. */

import { patch, post, remove } from "../../core/api.js";
import { short } from "../../core/format.js";
import { may, me } from "../../core/session.js";
import { html, useState } from "../../core/ui.js";
import { Ago } from "../../parts/basics.js";
import { Dialog, Menu, Question } from "../../parts/dialog.js";
import { attempt } from "../../parts/notices.js";
import { Name } from "../../parts/name.js";
import { AtField, NO_REFUSAL, Refused, ask } from "./forms.js";

/** @typedef {import("../../core/api.js").Schemas["Member"]} Member */

const ROLES = /** @type {const} */ ([["viewer", "viewer: looks"], ["member", "member: also submits"], ["admin", "admin: also manages"]]);
const LIMITS = /** @type {const} */ ([["queued_jobs", "Jobs"], ["trials", "Trials"], ["steps", "Steps"], ["stored_bytes", "Stored bytes"], ["workers", "Workers"]]);

/** Fields that have what is wrong with them below. */
const FIELDS = ["name", "weight", ...LIMITS.map(([name]) => name)];

/** @param {{ members: readonly Member[], reload: () => void }} props */
export function Members({ members, reload }) {
  const [edited, setEdited] = useState(/** @type {Member | "new" | null} */ (null));
  const [leaving, setLeaving] = useState(/** @type {Member | null} */ (null));
  const isAdmin = may("admin");
  return html`<div class="table-scroll"><table class="table"><thead><tr><th>Name</th><th>Role</th><th class="num">Weight</th><th>Limits</th><th>Since</th>${isAdmin && html`<th><span class="unseen">Actions</span></th>`}</tr></thead>
    <tbody>${members.map((member) => html`<tr key=${member.id}><th scope="row"><${Name} text=${member.name} />${member.id === me.value?.member.id && html` <span class="sub">you</span>`}</th><td>${member.role}</td><td class="num">${short(member.weight)}</td>
      <td>${limitsInWords(member.limits) || html`<span class="sub">none</span>`}</td><td><${Ago} at=${member.created_at} /></td>
      ${isAdmin && html`<td class="num"><${Menu} label="⋯" name=${member.name} items=${[["Change", () => setEdited(member)], ["Remove", () => setLeaving(member)]]} /></td>`}</tr>`)}</tbody></table></div>
    ${isAdmin && html`<p class="actions"><button type="button" class="button" onClick=${() => setEdited("new")}>Add a member</button></p>`}
    ${edited && html`<${MemberDialog} member=${edited === "new" ? null : edited} onClose=${() => setEdited(null)} onDone=${reload} />`}
    ${leaving && html`<${Question} title=${`Remove ${leaving.name}?`} text="The API keys of the member are refused from now on. Jobs go on, and keep their owner." confirm="Remove"
      onClose=${() => setLeaving(null)} onConfirm=${() => attempt(() => remove(`/v1/members/${leaving.id}`), `${leaving.name} has left the team`).then(reload)} />`}`;
}

/** @param {Record<string, number>} limits */
const limitsInWords = (limits) => Object.entries(limits).map(([name, most]) => `${name.replaceAll("_", " ")} ${most.toLocaleString("en")}`).join(", ");

/** @param {{ member: Member | null, onClose: () => void, onDone: () => void }} props */
function MemberDialog({ member, onClose, onDone }) {
  const [refusal, setRefusal] = useState(NO_REFUSAL);
  const submit = async (/** @type {FormData} */ form) => {
    const limits = Object.fromEntries(LIMITS.map(([name]) => [name, form.get(name) ? Number(form.get(name)) : null]));
    const draft = { name: form.get("name"), role: form.get("role"), weight: Number(form.get("weight")), limits };
    const isDone = await ask(() => (member ? patch(`/v1/members/${member.id}`, draft) : post("/v1/members", draft)), setRefusal, member ? "The member is changed" : "The member is added");
    if (isDone) {
      onDone();
      onClose();
    }
  };
  const wrong = (/** @type {string} */ name) => html`<${AtField} refusal=${refusal} name=${name} />`;
  return html`<${Dialog} title=${member ? `Change ${member.name}` : "Add a member"} onClose=${onClose}><form onSubmit=${(/** @type {any} */ event) => { event.preventDefault(); void submit(new FormData(event.currentTarget)); }}>
    <label class="label">Name<input class="field" name="name" required maxlength="100" defaultValue=${member?.name ?? ""} autocomplete="off" />${wrong("name")}</label>
    <label class="label">Role<select class="field" name="role">${ROLES.map(([value, word]) => html`<option key=${value} value=${value} selected=${value === (member?.role ?? "member")}>${word}</option>`)}</select></label>
    <label class="label">Weight, the share of the team's computing time beside others<input class="field" name="weight" type="number" min="0.001" max="1000" step="any" required defaultValue=${member?.weight ?? 1} />${wrong("weight")}</label>
    <fieldset class="limit-fields"><legend class="sub">Limits: empty for none</legend>${LIMITS.map(([name, word]) => html`<label key=${name} class="label">${word}<input class="field" name=${name} type="number" min="0" step="1" defaultValue=${member?.limits[name] ?? ""} />${wrong(name)}</label>`)}</fieldset>
    <${Refused} refusal=${refusal} names=${FIELDS} />
    <div class="actions"><button class="button primary">${member ? "Change" : "Add"}</button><button type="button" class="button" onClick=${onClose}>Leave</button></div>
  </form><//>`;
}
