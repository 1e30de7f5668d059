/** Colour, dash and mark of each optimizer: those of the service's figures, so that a colour means the same everywhere. */

import { LOOKS, OTHERS } from "./palette.js";

/** @typedef {import("./palette.js").Look} Look */

/** On a dark ground black is white; all other colours are the same on both. @type {Record<string, string>} */
const ON_DARK = { "#000000": "#FFFFFF" };

/**
 * @param {number} place of the optimizer in its job, from 0
 * @param {"dark" | "light"} theme
 * @returns {Look}
 */
export function lookOf(place, theme) {
  const look = /** @type {Look} */ (LOOKS[place % LOOKS.length]);
  return theme === "dark" ? { ...look, colour: ON_DARK[look.colour] ?? look.colour } : look;
}

/** @type {Look} */
export const UNNAMED = { colour: OTHERS, dash: [], marker: "o", hollow: false, marked: false };

/** Outline of each mark in a square from -1 to 1. @type {Record<string, string>} */
export const MARKS = {
  o: "M-1 0A1 1 0 1 1 1 0A1 1 0 1 1 -1 0Z",
  s: "M-.88-.88H.88V.88H-.88Z",
  "^": "M0-1.05L1.05.85H-1.05Z",
  D: "M0-1.15L1.15 0L0 1.15L-1.15 0Z",
  v: "M0 1.05L1.05-.85H-1.05Z",
  P: "M-.35-1H.35V-.35H1V.35H.35V1H-.35V.35H-1V-.35H-.35Z",
  "*": "M0-1.15L.28-.38L1.09-.36L.45.15L.68.93L0 .47L-.68.93L-.45.15L-1.09-.36L-.28-.38Z",
  h: "M0-1.1L.95-.55V.55L0 1.1L-.95.55V-.55Z",
  X: "M-.6-1L0-.4L.6-1L1-.6L.4 0L1 .6L.6 1L0 .4L-.6 1L-1 .6L-.4 0L-1-.6Z",
};
