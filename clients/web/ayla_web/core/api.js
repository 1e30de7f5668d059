/** Requests to the API of this origin, and its errors as they are defined by RFC 9457. */

/** @typedef {import("../../contract").components["schemas"]} Schemas */
/** @typedef {{ in: string, pointer: string, detail: string }} FieldError */

/** Error of a request: what the service said, or that it could not be reached. */
export class ApiProblem extends Error {
  /**
   * @param {number} status 0 where there was no answer
   * @param {{ type?: string, title?: string, detail?: string, errors?: FieldError[], request_id?: string }} about
   * @param {number | null} [retryAfter] seconds
   */
  constructor(status, about, retryAfter = null) {
    super(about.detail || about.title || `The service answered with status ${status}.`);
    this.status = status;
    this.type = about.type ?? "";
    this.title = about.title ?? "";
    this.errors = about.errors ?? [];
    this.requestId = about.request_id ?? "";
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may succeed later. */
  get isPassing() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/** @typedef {Record<string, string | number | boolean | null | undefined | readonly (string | number)[]>} Parameters */

/**
 * @param {string} path
 * @param {Parameters} [parameters] a list gives a parameter several times; what is empty is left out
 * @returns {string}
 */
export function url(path, parameters = {}) {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== "") given.append(name, String(one));
    }
  }
  return given.size ? `${path}?${given}` : path;
}

/** Told of each answer that says that nobody is signed in. @type {Set<() => void>} */
const signedOutListeners = new Set();

/** @param {() => void} listener */
export const onSignedOut = (listener) => signedOutListeners.add(listener);

/** Told of each action that was refused to who asked for it. @type {Set<() => void>} */
const forbiddenListeners = new Set();

/** @param {() => void} listener */
export const onForbidden = (listener) => forbiddenListeners.add(listener);

/**
 * Send a request.
 *
 * @param {string} method
 * @param {string} address
 * @param {{ body?: unknown, headers?: Record<string, string>, signal?: AbortSignal | null }} [options]
 * @returns {Promise<Response>} an answer of success
 * @throws {ApiProblem} for any other, and where there was none
 */
export async function send(method, address, { body, headers = {}, signal = null } = {}) {
  const isJson = body !== undefined;
  /** @type {RequestInit} */
  const init = {
    method,
    headers: { Accept: "application/json", ...(isJson ? { "Content-Type": "application/json" } : {}), ...headers },
    credentials: "same-origin",
    ...(isJson ? { body: JSON.stringify(body) } : {}),
    ...(signal ? { signal } : {}),
  };
  let answer;
  try {
    answer = await fetch(address, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw noAnswer();
  }
  if (answer.ok) return answer;
  if (answer.status === 403 && method !== "GET") for (const listener of forbiddenListeners) listener();
  throw await problemOf(answer);
}

const noAnswer = () => new ApiProblem(0, { title: "No answer", detail: "The service does not answer. It may be restarting, or the network is away." });

/**
 * What an answer says.
 *
 * @param {Response} answer
 * @returns {Promise<any>}
 * @throws {ApiProblem} where it broke off, as if there had been none: the connection was lost, or the page is left
 */
export async function read(answer) {
  try {
    return await answer.json();
  } catch (error) {
    throw error instanceof TypeError ? noAnswer() : error;
  }
}

/** @param {Response} answer @returns {Promise<ApiProblem>} */
async function problemOf(answer) {
  const isProblem = (answer.headers.get("Content-Type") ?? "").includes("json");
  const about = isProblem ? await answer.json().catch(() => ({})) : {};
  const after = Number.parseFloat(answer.headers.get("Retry-After") ?? "");
  const problem = new ApiProblem(answer.status, about, Number.isFinite(after) ? after : null);
  if (answer.status === 401) for (const listener of signedOutListeners) listener();
  return problem;
}

/** @param {string} address @param {{ signal?: AbortSignal | null }} [options] @returns {Promise<any>} */
export async function get(address, options = {}) {
  return read(await send("GET", address, options));
}

/**
 * POST with an idempotency key of its own, so that a repetition by the browser does nothing twice.
 *
 * @param {string} address
 * @param {unknown} [body]
 * @param {{ signal?: AbortSignal | null, headers?: Record<string, string> }} [options]
 * @returns {Promise<any>}
 */
export async function post(address, body, { headers = {}, ...options } = {}) {
  const given = { "Idempotency-Key": randomKey(), ...headers };
  return content(await send("POST", address, { body, headers: given, ...options }));
}

/** @param {string} address @param {unknown} body @param {string} [etag] that the change was made of @returns {Promise<any>} */
export async function patch(address, body, etag) {
  return content(await send("PATCH", address, { body, headers: etag ? { "If-Match": etag } : {} }));
}

/** @param {string} address @returns {Promise<any>} */
export async function remove(address) {
  return content(await send("DELETE", address));
}

/** @param {Response} answer @returns {Promise<any>} */
const content = async (answer) => (answer.status === 204 ? null : read(answer));

/** Random text. Not crypto.randomUUID, which browsers have on https and loopback only. @returns {string} */
function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
