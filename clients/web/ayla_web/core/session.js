/** Who uses the page: member, team and what they may do. Keys are exchanged for a cookie that no script can read. */

import { ApiProblem, get, onForbidden, onSignedOut, remove, send } from "./api.js";
import { computed, effect, signal } from "./ui.js";
import { restart, status } from "../live/connection.js";

/** @typedef {import("./api.js").Schemas["Me"]} Me */

/** Time until it is asked again who uses the page, where that failed for a passing reason. */
const AGAIN_MS = 3_000;

/** Who is signed in, or who a service without keys takes everyone for; null before that is known. */
export const me = signal(/** @type {Me | null} */ (null));

/** Whether the service asks for a key. ``ended``: there was a session, and it is over. */
export const signedOut = signal(/** @type {false | "never" | "ended"} */ (false));

/** Why it cannot be told who uses the page: the service does not answer. */
export const unknown = signal(/** @type {ApiProblem | null} */ (null));

/** Whether somebody is signed in with a key, and so can sign out. */
export const hasKey = computed(() => me.value?.key != null);

onSignedOut(() => (signedOut.value ||= me.peek() ? "ended" : "never"));

// What the page offered was refused: a role or a key allows less than it did when it was asked about.
onForbidden(() => void identify());

// A key that ends while somebody looks ends the stream; and who signs in in another tab is signed in here too.
effect(() => {
  const { state } = status.value;
  if (state === "signed-out") signedOut.value = signedOut.peek() || (me.peek() ? "ended" : "never");
  else if (state === "live" && (signedOut.peek() || unknown.peek())) void identify();
});

/** @type {ReturnType<typeof setTimeout> | undefined} */
let again;

/** Find out who uses the page, until there is an answer. */
export async function identify() {
  clearTimeout(again);
  try {
    me.value = await get("/v1/me");
    signedOut.value = false;
    unknown.value = null;
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
    unknown.value = error.status === 401 ? null : error;
    clearTimeout(again);
    if (error.isPassing) again = setTimeout(() => void identify(), AGAIN_MS);
  }
}

/** @param {import("./api.js").Schemas["Scope"]} scope @returns {boolean} whether they may do that */
export const may = (scope) => me.value?.scopes.includes(scope) ?? false;

/** Whether they may change a job: their own, or as an admin any. @param {{ owner: string }} job */
export const maySteer = (job) => may("submit") && (may("admin") || me.value?.member.name === job.owner);

/**
 * Exchange a key for a session.
 *
 * @param {string} key
 * @throws {ApiProblem} if the key is none
 */
export async function signIn(key) {
  await send("POST", "/v1/session", { body: { key } });
  await identify();
  restart();
}

/** End the session, in all tabs. */
export async function signOut() {
  await remove("/v1/session");
  me.value = null;
  signedOut.value = "never";
  restart();
}
