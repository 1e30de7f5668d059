/** Axes: where a number stands on a scale, and which round numbers are written at it. */

/** @typedef {"linear" | "log" | "reverse-log"} Scale */

/**
 * Position of a value on a scale; it grows with the value. Reverse-log is the logarithm of the distance from 1.
 *
 * @param {Scale} scale
 * @param {number} value
 * @returns {number}
 */
export function forward(scale, value) {
  if (scale === "log") return Math.log10(value);
  return scale === "reverse-log" ? -Math.log10(1 - value) : value;
}

/** The value at a position. @param {Scale} scale @param {number} position @returns {number} */
export function backward(scale, position) {
  if (scale === "log") return 10 ** position;
  return scale === "reverse-log" ? 1 - 10 ** -position : position;
}

/**
 * Whether a logarithm shows these values better: all are positive, but for zeros, and span a factor of ten.
 *
 * @param {Iterable<number | null>} values
 * @returns {boolean}
 */
export function spansDecade(values) {
  let [low, high] = [Infinity, 0];
  for (const value of values) {
    if (value === null || !Number.isFinite(value)) continue;
    if (value < 0) return false;
    if (value > 0) [low, high] = [Math.min(low, value), Math.max(high, value)];
  }
  return high / low >= 10;
}

/**
 * An axis from one number to another.
 *
 * @typedef {{ scale: Scale, low: number, high: number, of: (value: number) => number, value: (share: number) => number,
 *   ticks: { at: number, text: string }[] }} Axis
 *   of: share of the axis below a value, 0 at its low end; value: the reverse of it
 */

/**
 * @param {readonly number[]} values finite ones make the ends
 * @param {{ scale?: Scale, pad?: number, ticks?: number, whole?: boolean, include?: readonly number[] }} [how] pad: share of the
 *   axis that is left free at each end; ticks: about how many; include: what has to be on it
 * @returns {Axis}
 */
export function axisOf(values, { scale = "linear", pad = 0.04, ticks = 6, whole = false, include = [] } = {}) {
  const known = [...values, ...include].filter((value) => Number.isFinite(forward(scale, value)));
  const places = known.map((value) => forward(scale, value));
  let [low, high] = places.length ? [Math.min(...places), Math.max(...places)] : [0, 1];
  if (low === high) {
    const half = scale === "linear" ? Math.abs(low) * 0.1 || 0.5 : 0.5;
    [low, high] = [low - half, high + half];
  }
  const free = (high - low) * pad;
  [low, high] = [low - free, high + free];
  const of = (/** @type {number} */ value) => (forward(scale, value) - low) / (high - low);
  return {
    scale,
    low: backward(scale, low),
    high: backward(scale, high),
    of,
    value: (share) => backward(scale, low + share * (high - low)),
    ticks: (scale === "log" ? logTicks(low, high, ticks) : linearTicks(backward(scale, low), backward(scale, high), ticks))
      .filter((at) => !whole || Number.isInteger(at))
      .map((at) => ({ at, text: scale === "log" ? powerText(at) : tickText(at) }))
      .filter(({ at }) => of(at) >= -1e-9 && of(at) <= 1 + 1e-9),
  };
}

/** Round numbers between two others. @param {number} low @param {number} high @param {number} most @returns {number[]} */
export function linearTicks(low, high, most) {
  const rough = (high - low) / Math.max(1, most);
  if (!(rough > 0) || !Number.isFinite(rough)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((each) => each * power >= rough * (1 - 1e-9)) ?? 10) * power;
  const found = [];
  for (let place = Math.ceil(low / step - 1e-9); place * step <= high + step * 1e-9 && found.length < 100; place += 1) {
    found.push(Number((place * step).toPrecision(12)));
  }
  return found;
}

/** Powers of ten between two exponents; within a decade or two also 2 and 5 times them. @param {number} low @param {number} high @param {number} most @returns {number[]} */
export function logTicks(low, high, most) {
  const decades = Math.floor(high) - Math.ceil(low) + 1;
  if (decades < 2) {
    const fine = [];
    for (let power = Math.floor(low); power <= Math.ceil(high); power += 1) {
      for (const each of high - low < 0.5 ? [1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9] : [1, 2, 5]) fine.push(Number((each * 10 ** power).toPrecision(12)));
    }
    const found = fine.filter((value) => Math.log10(value) >= low - 1e-9 && Math.log10(value) <= high + 1e-9);
    return found.length >= 2 ? found : linearTicks(10 ** low, 10 ** high, most);
  }
  const every = Math.max(1, Math.ceil(decades / most));
  const found = [];
  for (let power = Math.ceil(low / every) * every; power <= high + 1e-9; power += every) found.push(10 ** power);
  return found;
}

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** @param {number} value @returns {string} 10⁻³ where it is a power of ten beyond what is easy to read */
export function powerText(value) {
  const power = Math.round(Math.log10(Math.abs(value)));
  const isPower = Math.abs(Math.abs(value) / 10 ** power - 1) < 1e-9;
  if (!isPower || (power >= -2 && power <= 3)) return tickText(value);
  const sign = power < 0 ? "⁻" : "";
  return `10${sign}${[...String(Math.abs(power))].map((digit) => SUPERSCRIPTS[Number(digit)]).join("")}`;
}

/** @param {number} value @returns {string} */
export function tickText(value) {
  const size = Math.abs(value);
  const text = size !== 0 && (size >= 1e5 || size < 1e-3) ? value.toExponential().replace("e+", "e") : String(Number(value.toPrecision(10)));
  return text.replaceAll("-", "−");
}
