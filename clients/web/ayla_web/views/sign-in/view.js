/** Sign-in: a key is typed in once and exchanged for a session that no script can read. */

import { html, useRef, useState } from "../../core/ui.js";
import { ApiProblem } from "../../core/api.js";
import { navigate, path } from "../../core/router.js";
import { me, signIn, signedOut } from "../../core/session.js";
import { Heading } from "../../parts/basics.js";

export function View() {
  const [problem, setProblem] = useState("");
  const [isSending, setSending] = useState(false);
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));

  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    event.preventDefault();
    const key = field.current?.value.trim() ?? "";
    if (!key) return setProblem("Enter a key.");
    setSending(true);
    setProblem("");
    try {
      await signIn(key);
      if (path.value === "/sign-in") navigate("/", { replace: true });
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      setProblem(error.status === 401 ? "The service knows no such key. It may have been revoked or have expired." : error.message);
      setSending(false);
      field.current?.focus();
    }
    return undefined;
  };

  if (me.value && !signedOut.value) {
    return html`<${Heading} text="Signed in" /><p class="lead">You are ${me.value.member.name} of ${me.value.team.name}. <a href="/">Go on</a></p>`;
  }
  return html`<${Heading} text=${signedOut.value === "ended" ? "Your session has ended" : "Sign in"} />
    <form class="sign-in section" onSubmit=${submit}>
      <p class="lead">${signedOut.value === "ended" ? "Its key is no longer valid, it is older than 12 hours, or you signed out in another tab. Sign in again, and this view goes on." : "Your key is exchanged for a session of this browser, of 12 hours. The page itself keeps no key."}</p>
      <label class="label">API key
        <input class="field" ref=${field} type="password" name="key" autocomplete="current-password" spellcheck=${false} autofocus
          aria-invalid=${problem !== ""} aria-describedby="sign-in-problem" /></label>
      <p class="field-error" id="sign-in-problem" role="alert">${problem}</p>
      <div class="actions"><button class="button primary" disabled=${isSending}>${isSending ? "Signing in …" : "Sign in"}</button></div>
      <p class="sub">No key yet? An admin of your team makes one under Team, or on the machine: <code>ayla-service keys create</code></p>
    </form>`;
}
