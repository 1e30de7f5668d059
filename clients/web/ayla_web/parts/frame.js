/** The frame of all views: navigation, who is signed in, how the stream is; in it the view. */

import { Component, html, useEffect, useState } from "../core/ui.js";
import { duration } from "../core/format.js";
import { path } from "../core/router.js";
import { SECTIONS, routeOf } from "../core/routes.js";
import { hasKey, identify, me, signOut, signedOut, unknown } from "../core/session.js";
import { theme, toggleTheme } from "../core/theme.js";
import { status, wake } from "../live/connection.js";
import { now } from "./basics.js";
import { Loading, ProblemFace } from "./faces.js";
import { Notices, attempt } from "./notices.js";

/** Time for which a lost connection is not worth a banner. */
const BANNER_AFTER_MS = 1500;

export const Frame = () => html`
  <a class="skip" href="#main" onClick=${toContent}>Go to the content</a>
  <${Head} />
  <${StreamBanner} />
  <main class="main" id="main" tabindex="-1"><${Shown} /></main>
  <${Foot} />
  <${Notices} />`;

/** By the heading, or by what stands there before it; the address stays, as what is behind its # may be a draft. @param {MouseEvent} event */
function toContent(event) {
  event.preventDefault();
  (document.getElementById("view-title") ?? document.getElementById("main"))?.focus();
}

const Head = () => html`<header class="head"><div class="head-row">
  <a class="mark" href="/"><svg viewBox="0 0 30 20" aria-hidden="true"><path d="M1 2c4 17 9 20 14 12s6-6 8-3 3 7 6 7" fill="none" stroke="currentColor" stroke-width="2.4" stroke-linecap="round" /></svg>AYLA</a>
  <nav class="nav" aria-label="Views">${SECTIONS.map(([to, word]) => html`<a key=${to} href=${to}
    aria-current=${routeOf(path.value).route.section === to ? "page" : undefined}>${word}</a>`)}</nav>
  <div class="head-end">
    <${StreamState} />
    ${me.value && html`<span class="who" title=${`${me.value.member.role} of ${me.value.team.name}`}>${me.value.member.name} · ${me.value.team.name}</span>`}
    ${hasKey.value && html`<button type="button" class="button quiet small" onClick=${() => attempt(signOut)}>Sign out</button>`}
    <button type="button" class="button quiet small theme" onClick=${toggleTheme} aria-label=${`Use the ${theme.value === "dark" ? "light" : "dark"} theme`}>${theme.value === "dark" ? "☀" : "☾"}</button>
  </div>
</div></header>`;

const WORDS = { connecting: "connecting", live: "live", waiting: "reconnecting", "signed-out": "signed out", refused: "no access" };

const StreamState = () => html`<span class="stream" data-state=${status.value.state} role="status" title="Stream of events, shared by this browser's tabs">${WORDS[status.value.state]}</span>`;

/** What is shown may be old: since when, and what happens next. What counts seconds is not read aloud each second. */
function StreamBanner() {
  const { state, since, retryAt, detail } = status.value;
  if (signedOut.value) return null;
  if (state === "refused") return html`<div class="banner bad" role="alert">No live changes: ${detail || "this key may not read."}</div>`;
  if (state !== "waiting" || now.value - since < BANNER_AFTER_MS) return null;
  const inSeconds = Math.max(0, Math.ceil(((retryAt ?? now.value) - now.value) / 1000));
  return html`<div class="banner" role="status">
    <span>Not live<span aria-hidden="true"> for ${duration((now.value - since) / 1000)}</span>: ${detail} What you see may be old.</span>
    <span aria-hidden="true">${inSeconds ? `Next try in ${inSeconds} s.` : "Trying …"}</span>
    <button type="button" class="button small" onClick=${wake}>Try now</button>
  </div>`;
}

const Foot = () => html`<footer class="foot"><a href="/docs">API</a><a href="/openapi.json">Contract</a><span>The same numbers by <code>ayla</code>, Python and HTTP.</span></footer>`;

/** The view of the address; in its place the sign-in where a key is needed and missing. */
function Shown() {
  const { route, parts } = routeOf(path.value);
  const [loaded, setLoaded] = useState(/** @type {{ route: typeof route, View: any } | null} */ (null));
  const isLoaded = loaded?.route === route;
  useEffect(() => {
    let isWanted = true;
    route.load().then(({ View }) => isWanted && setLoaded({ route, View }), (error) => isWanted && setLoaded({ route, View: () => html`<${Unloaded} error=${error} />` }));
    return () => { isWanted = false; };
  }, [route]);
  if (signedOut.value && route.pattern !== "/sign-in") return html`<${SignInHere} />`;
  if (unknown.value && !me.value) return html`<${ProblemFace} problem=${unknown.value} isView onRetry=${identify} />`;
  if (!isLoaded || (!me.value && route.pattern !== "/sign-in")) return html`<${Loading} />`;
  return html`<${Guard} key=${path.value}><${loaded.View} ...${parts} /><//>`;
}

function SignInHere() {
  const [View, setView] = useState(/** @type {any} */ (null));
  useEffect(() => void import("../views/sign-in/view.js").then((view) => setView(() => view.View)), []);
  return View ? html`<${View} />` : html`<${Loading} />`;
}

/** @param {{ error: unknown }} props */
const Unloaded = ({ error }) => html`<div class="face problem" role="alert"><h2>This view could not be loaded</h2>
  <p>${String(error)}</p><button type="button" class="button" onClick=${() => location.reload()}>Load the page again</button></div>`;

/** Keeps an error of a view from taking the whole page with it. */
class Guard extends Component {
  /** @param {any} props */
  constructor(props) {
    super(props);
    this.state = { error: null };
  }

  /** @param {unknown} error */
  static getDerivedStateFromError(error) {
    return { error };
  }

  /** @param {unknown} error */
  componentDidCatch(error) {
    console.error(error);
  }

  /** @param {any} props @param {any} state */
  render(props, state) {
    return state.error ? html`<${Unloaded} error=${state.error} />` : props.children;
  }
}
