/** Heat maps as pixels: a colour for each cell, a million of them in one pass. */

import { DIVERGED_CELL, VIRIDIS } from "./viridis.js";

/** Of the cells, what the colours are for where the others would take most of them; of fewer cells none is left out. */
const SHOWN_SHARE = 0.98;
const LEAST_CUT = 50;

/**
 * Numbers of an answer that were packed as base64 of their little-endian bytes.
 *
 * @param {string} text
 * @returns {ArrayBuffer}
 */
export function unpack(text) {
  const found = atob(text);
  const bytes = new Uint8Array(found.length);
  for (let place = 0; place < found.length; place += 1) bytes[place] = found.charCodeAt(place);
  return bytes.buffer;
}

/** @param {string} text @returns {Float32Array} NaN where there is no value, infinite where it diverged */
export const unpackCells = (text) => new Float32Array(unpack(text));

/** @param {string} text @returns {Uint32Array} */
export const unpackCounts = (text) => new Uint32Array(unpack(text));

/** @typedef {{ isLog: boolean, low: number, high: number, isCut: boolean }} ColourScale isCut: some lie beyond the high end */

/**
 * The scale of the colours of finite cells, as in the service's figures: logarithmic where values are positive and span
 * a factor of ten; where the worst two in a hundred would take more than half of the colours, they share the last one.
 *
 * @param {readonly Float32Array[]} panels
 * @param {"auto" | "linear" | "log"} wanted
 * @param {boolean} moreIsBetter the worst are the lowest then, and are not cut
 * @returns {ColourScale | null} null without a finite cell
 */
export function colourScale(panels, wanted, moreIsBetter) {
  const found = finite(panels);
  if (!found.length) return null;
  const ends = endsOf(found);
  const isLog = ends.leastPositive < Infinity && (wanted === "log" || (wanted === "auto" && ends.low >= 0 && ends.high / ends.leastPositive >= 10));
  const known = isLog && ends.low <= 0 ? found.filter((value) => value > 0) : found;
  const low = isLog ? ends.leastPositive : ends.low;
  const end = known.length >= LEAST_CUT ? smallest(known, Math.floor(SHOWN_SHARE * (known.length - 1))) : ends.high;
  const at = isLog ? Math.log10 : Number;
  const isCut = !moreIsBetter && end > low && at(ends.high) - at(end) > at(end) - at(low);
  return { isLog, low, high: isCut ? end : ends.high, isCut };
}

/** @param {Float32Array} values */
function endsOf(values) {
  let [low, high, leastPositive] = [Infinity, -Infinity, Infinity];
  for (let place = 0; place < values.length; place += 1) {
    const value = /** @type {number} */ (values[place]);
    if (value < low) low = value;
    if (value > high) high = value;
    if (value > 0 && value < leastPositive) leastPositive = value;
  }
  return { low, high, leastPositive };
}

/** The value at a place of the sorted order (Hoare's selection): sorting a million costs ten times as much. @param {Float32Array} values are reordered @param {number} place */
function smallest(values, place) {
  let [first, last] = [0, values.length - 1];
  while (first < last) {
    const pivot = /** @type {number} */ (values[(first + last) >> 1]);
    let [left, right] = [first, last];
    while (left <= right) {
      while (/** @type {number} */ (values[left]) < pivot) left += 1;
      while (/** @type {number} */ (values[right]) > pivot) right -= 1;
      if (left > right) break;
      [values[left], values[right]] = [/** @type {number} */ (values[right]), /** @type {number} */ (values[left])];
      left += 1;
      right -= 1;
    }
    if (place <= right) last = right;
    else if (place >= left) first = left;
    else break;
  }
  return /** @type {number} */ (values[place]);
}

/** A copy of what is finite. @param {readonly Float32Array[]} panels */
function finite(panels) {
  const all = new Float32Array(panels.reduce((total, panel) => total + panel.length, 0));
  let count = 0;
  for (const panel of panels) {
    for (let place = 0; place < panel.length; place += 1) {
      const value = /** @type {number} */ (panel[place]);
      if (Math.abs(value) < Infinity) {
        all[count] = value;
        count += 1;
      }
    }
  }
  return all.subarray(0, count);
}

/** Share of the colours below a value, 0 to 1. @param {ColourScale} scale @param {number} value */
export function shareOf(scale, value) {
  if (scale.high === scale.low) return 0;
  if (!scale.isLog) return clamped((value - scale.low) / (scale.high - scale.low));
  if (value <= 0) return 0;
  const low = Math.log10(scale.low);
  return clamped((Math.log10(value) - low) / (Math.log10(scale.high) - low));
}

/** @param {number} share */
const clamped = (share) => Math.min(1, Math.max(0, share));

/** Colours as they lie in the memory of a picture: red in the first byte. @type {Uint32Array} */
const COLOURS = Uint32Array.from({ length: 256 }, (_, place) => packed(VIRIDIS.slice(6 * place, 6 * place + 6)));

/** @param {string} hex six digits */
function packed(hex) {
  const bytes = Uint8Array.of(...[0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)), 255);
  return /** @type {number} */ (new Uint32Array(bytes.buffer)[0]);
}

const DIVERGED = packed(DIVERGED_CELL.slice(1));

/** @param {number} share 0 to 1 @returns {string} colour of CSS */
export const colourAt = (share) => `#${VIRIDIS.slice(6 * placeOf(share), 6 * placeOf(share) + 6)}`;

/** @param {number} share */
const placeOf = (share) => Math.min(255, Math.floor(share * 256));

/**
 * Colour the cells of one panel; the first row of the picture is that with the highest y.
 *
 * @param {Uint32Array} pixels of the picture, as many as cells
 * @param {Float32Array} cells row by row, the lowest first
 * @param {Uint32Array} counts settings in each cell: diverged ones have some, and no number
 * @param {number} columns
 * @param {ColourScale | null} scale
 * @param {string} empty colour of cells without settings, #rrggbb
 */
export function paint(pixels, cells, counts, columns, scale, empty) {
  const rows = cells.length / columns;
  const nothing = packed(empty.slice(1));
  const [low, width, isLog] = scaled(scale);
  for (let row = 0; row < rows; row += 1) {
    let to = (rows - 1 - row) * columns;
    for (let from = row * columns; from < (row + 1) * columns; from += 1, to += 1) {
      const value = /** @type {number} */ (cells[from]);
      if (Math.abs(value) < Infinity) {
        const share = ((isLog ? (value > 0 ? Math.log10(value) : -Infinity) : value) - low) * width;
        pixels[to] = /** @type {number} */ (COLOURS[share <= 0 ? 0 : share >= 1 ? 255 : (share * 256) | 0]);
      } else pixels[to] = value === value || /** @type {number} */ (counts[from]) > 0 ? DIVERGED : nothing;
    }
  }
}

/** @param {ColourScale | null} scale @returns {[number, number, boolean]} where it begins, one over its width */
function scaled(scale) {
  if (scale === null) return [0, 1, false];
  const [low, high] = scale.isLog ? [Math.log10(scale.low), Math.log10(scale.high)] : [scale.low, scale.high];
  return [low, high > low ? 1 / (high - low) : 0, scale.isLog];
}

/**
 * Which cell is at a point of a picture.
 *
 * @param {number} x share of the width from the left
 * @param {number} y share of the height from the top
 * @param {number} columns
 * @param {number} rows
 * @returns {{ column: number, row: number } | null} the lowest row is 0; null outside
 */
export function cellAt(x, y, columns, rows) {
  if (x < 0 || x >= 1 || y < 0 || y >= 1) return null;
  return { column: Math.floor(x * columns), row: rows - 1 - Math.floor(y * rows) };
}

/**
 * Where places are labelled along an axis, at most so many: the first, the last and even steps between.
 *
 * @param {number} count places
 * @param {number} most
 * @returns {number[]} their numbers
 */
export function labelled(count, most) {
  if (count <= most) return Array.from({ length: count }, (_, place) => place);
  const step = Math.ceil((count - 1) / Math.max(1, most - 1));
  const found = [];
  for (let place = 0; place < count; place += step) found.push(place);
  return found;
}
