/** Numbers, times and durations as they are written everywhere on the page. */

const MINUS = "−";

/**
 * A number with so many significant digits, all of them written, so that columns align.
 *
 * @param {number | null | undefined} value
 * @param {number} [digits]
 * @returns {string} "–" for none
 */
export function number(value, digits = 5) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : `${MINUS}∞`;
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size >= 1e-4 && size < 10 ** Math.max(digits, 5) ? value.toPrecision(digits) : value.toExponential(Math.max(0, digits - 2));
  const plain = text.includes("e") && size >= 1e-4 && size < 1e6 ? String(Number(text)) : text;
  return plain.replace("-", MINUS).replace(/e\+?(.)/, "e$1").replace("e-", `e${MINUS}`);
}

/** A number as short as it can be: of an axis or a setting. @param {number | null | undefined} value @param {number} [digits] */
export function short(value, digits = 3) {
  if (value === null || value === undefined || !Number.isFinite(value)) return number(value);
  const rounded = Number(value.toPrecision(digits));
  const size = Math.abs(rounded);
  const text = size !== 0 && (size < 1e-3 || size >= 1e5) ? rounded.toExponential().replace("e+", "e") : String(rounded);
  return text.replaceAll("-", MINUS);
}

const COUNT = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** A count with thin spaces between thousands. @param {number} value */
export const count = (value) => COUNT.format(value).replaceAll(",", "\u202f");

/** A count and what is counted. @param {number} value @param {string} one @param {string} [many] */
export const counted = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

/** @param {number} fraction of 1 @returns {string} never 100 % before it is all */
export const percent = (fraction) => `${fraction >= 1 ? 100 : Math.min(99, Math.floor(fraction * 100))} %`;

/** @param {number | null | undefined} seconds */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  if (seconds < 0.95) return `${Math.max(0, Math.round(seconds * 10) / 10)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const [minutes, hours, days] = [Math.floor(whole / 60), Math.floor(whole / 3600), Math.floor(whole / 86400)];
  if (hours < 1) return minutes < 10 ? `${minutes} min ${two(whole % 60)} s` : `${minutes} min`;
  if (days < 1) return `${hours} h ${two(minutes % 60)} min`;
  return days < 10 ? `${days} d ${hours % 24} h` : `${count(days)} d`;
}

/** @param {number} value */
const two = (value) => String(value).padStart(2, "0");

/** @param {string | number | Date} from @param {number} [now] milliseconds @returns {string} "3 min ago", "in 2 h" */
export function relative(from, now = Date.now()) {
  const seconds = (now - new Date(from).getTime()) / 1000;
  const size = Math.abs(seconds);
  if (size < 5) return "now";
  const units = /** @type {const} */ ([[60, 1, "s"], [3600, 60, "min"], [86400, 3600, "h"], [Infinity, 86400, "d"]]);
  const [, unit, name] = units.find(([below]) => size < below) ?? units[3];
  const text = `${Math.floor(size / unit)} ${name}`;
  return seconds >= 0 ? `${text} ago` : `in ${text}`;
}

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const CLOCK_SECONDS = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const FULL = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

/** Time of day, with the day where that is another one. @param {string | number | Date} at @param {{ seconds?: boolean, now?: number }} [how] */
export function clock(at, { seconds = false, now = Date.now() } = {}) {
  const date = new Date(at);
  const time = (seconds ? CLOCK_SECONDS : CLOCK).format(date);
  return date.toDateString() === new Date(now).toDateString() ? time : `${DAY.format(date)}, ${time}`;
}

/** @param {string | number | Date} at @returns {string} day and time in full */
export const fullTime = (at) => FULL.format(new Date(at));

/** A range of times, as one where both are the same. @param {string | null} from @param {string | null} to @param {number} [now] */
export function clockRange(from, to, now = Date.now()) {
  if (!from && !to) return "–";
  const [low, high] = [clock(from ?? /** @type {string} */ (to), { now }), clock(to ?? /** @type {string} */ (from), { now })];
  return low === high ? low : `${low}–${high}`;
}

/** When something should start and end, from the fastest to the slowest that was measured. @typedef {Pick<import("./api.js").Schemas["QueuePosition"],
 *   "estimated_start" | "earliest_start" | "latest_start" | "estimated_finish" | "earliest_finish" | "latest_finish">} Estimates */

/** @param {Estimates} estimates @param {number} [now] */
export const startOf = (estimates, now) => clockRange(estimates.earliest_start ?? estimates.estimated_start, estimates.latest_start ?? estimates.estimated_start, now);

/** @param {Estimates} estimates @param {number} [now] */
export const finishOf = (estimates, now) => clockRange(estimates.earliest_finish ?? estimates.estimated_finish, estimates.latest_finish ?? estimates.estimated_finish, now);

/** What a job is called where it has no name. @param {{ id: string, name?: string | null, preset?: string | null }} job @param {string | null} [title] */
export const nameOf = (job, title) => job.name || title || job.preset || `job ${job.id.slice(0, 8)}`;
