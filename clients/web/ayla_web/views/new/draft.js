/** Draft of a job: a job spec as its user edits it, by paths into the document. Nothing is ever changed in place. */

/** @typedef {(string | number)[]} Path */
/** @typedef {Record<string, any>} Draft */

/** @param {any} document @param {Path} path @returns {any} what stands there; undefined if nothing does */
export function valueAt(document, path) {
  let found = document;
  for (const step of path) {
    if (found === null || typeof found !== "object") return undefined;
    found = found[step];
  }
  return found;
}

/**
 * A copy with another value at a path; objects on the way are made, and undefined takes the value away.
 *
 * @template T
 * @param {T} document
 * @param {Path} path
 * @param {unknown} value
 * @returns {T}
 */
export function withValue(document, path, value) {
  if (!path.length) return /** @type {T} */ (value);
  const [step, ...rest] = /** @type {[string | number, ...Path]} */ (path);
  const isList = Array.isArray(document);
  const copy = isList ? [...document] : { .../** @type {any} */ (document ?? {}) };
  const below = rest.length ? withValue(copy[step] ?? (typeof rest[0] === "number" ? [] : {}), rest, value) : value;
  if (below !== undefined) copy[step] = below;
  else if (isList) copy.splice(Number(step), 1);
  else delete copy[step];
  return /** @type {T} */ (copy);
}

/** @param {Path} path @returns {string} as errors point to it (RFC 6901) */
export const pointerTo = (path) => path.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

/**
 * The errors about a field, and with ``deep`` about what is in it.
 *
 * @template {{ pointer: string }} T
 * @param {readonly T[]} errors
 * @param {Path} path
 * @param {boolean} [deep]
 * @returns {T[]}
 */
export function errorsAt(errors, path, deep = true) {
  const pointer = pointerTo(path);
  return errors.filter((error) => error.pointer === pointer || (deep && error.pointer.startsWith(`${pointer}/`)));
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** @param {string} text @returns {number | string | undefined} a text that is no number stays one, for the service to refuse */
export function numberOf(text) {
  const plain = text.trim().replaceAll("−", "-");
  if (!plain) return undefined;
  return NUMBER.test(plain) && Number.isFinite(Number(plain)) ? Number(plain) : plain;
}

/** @param {unknown} value @returns {string} */
export const textOf = (value) => (value === undefined || value === null ? "" : typeof value === "number" ? plainNumber(value) : String(value));

/** @param {number} value */
const plainNumber = (value) => (Math.abs(value) < 1e-3 && value !== 0 ? value.toExponential() : String(value)).replace("e+", "e");

/** @param {string} text separated by commas or spaces @returns {(number | string)[]} */
export const numbersOf = (text) => text.split(/[\s,;]+/).filter(Boolean).map((part) => /** @type {number | string} */ (numberOf(part)));

/**
 * Seeds from ranges and numbers such as "0-9, 100".
 *
 * @param {string} text
 * @param {number} [most] no more are made
 * @returns {(number | string)[] | undefined} undefined for none
 */
export function seedsOf(text, most = 1001) {
  /** @type {(number | string)[]} */
  const found = [];
  for (const part of text.split(/[\s,;]+/).filter(Boolean)) {
    const range = /^(\d+)\s*(?:-|–|\.\.)\s*(\d+)$/.exec(part);
    if (!range) found.push(/** @type {number | string} */ (numberOf(part)));
    else for (let seed = Number(range[1]); seed <= Number(range[2]) && found.length < most; seed += 1) found.push(seed);
  }
  return found.length ? found : undefined;
}

/** Seeds as ranges and numbers. @param {unknown} seeds @returns {string} */
export function seedsText(seeds) {
  if (!Array.isArray(seeds)) return textOf(seeds);
  const parts = [];
  for (let place = 0; place < seeds.length; ) {
    let end = place;
    while (end + 1 < seeds.length && typeof seeds[end] === "number" && seeds[end + 1] === seeds[end] + 1) end += 1;
    parts.push(end - place > 1 ? `${seeds[place]}-${seeds[end]}` : seeds.slice(place, end + 1).join(", "));
    place = end + 1;
  }
  return parts.join(", ");
}

/** @param {unknown} value @returns {"number" | "list" | "range"} what stands in place of a number */
export function axisKind(value) {
  if (value === null || typeof value !== "object") return "number";
  return "values" in value ? "list" : "range";
}

/**
 * The same number as an axis of another kind, around what it was.
 *
 * @param {any} value
 * @param {"number" | "list" | "range"} kind
 * @param {boolean} isWhole
 * @returns {unknown}
 */
export function asAxis(value, kind, isWhole) {
  const [low, high] = endsOf(value, isWhole);
  if (kind === "number") return low;
  if (kind === "list") return { values: value?.values ?? (low === high ? [low] : [low, high]) };
  const isLog = low > 0 && high / low >= 5 && !isWhole;
  return { low, high, scale: isLog ? "log" : "linear", count: isWhole ? Math.min(8, high - low + 1) : 8 };
}

/** @param {any} value @param {boolean} isWhole @returns {[number, number]} */
function endsOf(value, isWhole) {
  if (value && typeof value === "object") {
    const known = (value.values ?? [value.low, value.high]).filter((/** @type {unknown} */ one) => typeof one === "number");
    if (known.length) return [Math.min(...known), Math.max(...known)];
  }
  const one = typeof value === "number" ? value : 1;
  if (isWhole) return [Math.max(1, Math.round(one / 2)), Math.max(2, Math.round(one * 2))];
  return one > 0 ? [tidy(one / 10), tidy(one * 10)] : [one, one + 1];
}

/** @param {number} value */
const tidy = (value) => Number(value.toPrecision(6));

/** @param {any} document @returns {boolean} whether an axis stands anywhere in it */
export function hasAxis(document) {
  if (document === null || typeof document !== "object") return false;
  if (!Array.isArray(document) && (Array.isArray(document.values) || ("low" in document && "high" in document))) return true;
  return Object.values(document).some(hasAxis);
}

/**
 * The variables of an expression, in order of appearance.
 *
 * @param {string} expression
 * @param {ReadonlySet<string>} known names of functions, reductions and constants
 * @returns {string[]}
 */
export function variablesOf(expression, known) {
  const loops = new Set([...expression.matchAll(/\bfor\s+([A-Za-z_]\w*)\s+in\b/g)].map((found) => found[1]));
  const words = [...expression.matchAll(/(?<![\w.])[A-Za-z_]\w*/g)].map((found) => found[0]);
  const keywords = new Set(["for", "in", "range", "len", "if", "else", "and", "or", "not"]);
  return [...new Set(words)].filter((word) => !known.has(word) && !loops.has(word) && !keywords.has(word));
}

/** @param {Draft} draft @returns {string} for the address */
export function packed(draft) {
  const bytes = new TextEncoder().encode(JSON.stringify(draft));
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** @param {string} text @returns {Draft | null} null if it is none */
export function unpacked(text) {
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
    const found = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return found !== null && typeof found === "object" && !Array.isArray(found) ? found : null;
  } catch {
    return null;
  }
}
