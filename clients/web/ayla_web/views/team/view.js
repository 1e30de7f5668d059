/** Team: members, keys, limits and their use, hours used, webhooks; to change what the key allows. */

import { get } from "../../core/api.js";
import { fullTime } from "../../core/format.js";
import { useRemote } from "../../core/remote.js";
import { me, may } from "../../core/session.js";
import { html } from "../../core/ui.js";
import { Heading, Section } from "../../parts/basics.js";
import { Read } from "../../parts/faces.js";
import { Hours } from "./hours.js";
import { Keys } from "./keys.js";
import { Limits } from "./limits.js";
import { Members } from "./members.js";
import { Webhooks } from "./webhooks.js";

/** @typedef {import("../../core/api.js").Schemas} Schemas */

/** Use changes with every job; nobody reads it more often. */
const AGAIN_MS = 5000;

export function View() {
  const own = useRemote(`me ${me.value?.key?.id} ${me.value?.scopes}`, (signal) => /** @type {Promise<Schemas["Me"]>} */ (get("/v1/me", { signal })), { refreshOn: ({ event }) => event === "state" || event === "end", leastMs: AGAIN_MS });
  const members = useRemote("members", (signal) => /** @type {Promise<Schemas["MemberPage"]>} */ (get("/v1/members?limit=1000", { signal })));
  const name = me.value?.team.name ?? "";
  return html`<${Heading} text=${`Team ${name}`} sub=${own.data && html`<span class="sub">${who(own.data)}</span>`} />
    <div class="team">
      <${Section} title="Limits" note="what there may be at once, and what there is"><${Read} remote=${own} what="the limits">${(/** @type {Schemas["Me"]} */ answer) => html`<${Limits} me=${answer} />`}<//><//>
      <${Section} title="Hours used" note="of workers, by week"><${Hours} /><//>
      <${Section} title="Members"><${Read} remote=${members} what="the members">${(/** @type {Schemas["MemberPage"]} */ page) => html`<${Members} members=${page.data} reload=${members.reload} />`}<//><//>
      <${Section} title="API keys" note=${may("admin") ? "of all members" : "your own"}><${Keys} members=${members.data?.data ?? []} /><//>
      <${Section} title="Webhooks" note="messages when a job ends"><${Webhooks} /><//>
    </div>`;
}

/** @param {Schemas["Me"]} answer */
function who({ member, scopes, key }) {
  const until = key?.expires_at ? `; the key ends ${fullTime(key.expires_at)}` : "";
  return `You are ${member.name}, ${member.role}: may ${[...scopes].join(", ")}${until}`;
}
