/** What every view is made of: templates (htm over Preact), hooks and signals, from one place. */

import htm from "../lib/htm.js";
import { Component, Fragment, createContext, h, render } from "../lib/preact.js";
import { useCallback, useContext, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "../lib/hooks.js";
import { batch, computed, effect, signal, untracked } from "../lib/signals-core.js";
import { useComputed, useSignal, useSignalEffect } from "../lib/signals.js";

/** Template of elements: html`<p class="lead">${text}</p>`. Texts are put in as text, never as markup. */
export const html = htm.bind(h);

export { Component, Fragment, createContext, h, render };
export { useCallback, useContext, useEffect, useId, useLayoutEffect, useMemo, useRef, useState };
export { batch, computed, effect, signal, untracked, useComputed, useSignal, useSignalEffect };

/** @typedef {import("../lib/preact.js").ComponentChildren} Children */
/** @typedef {import("../lib/preact.js").VNode<any>} Node */

/**
 * Classes of an element, without those that are off.
 *
 * @param {...(string | false | null | undefined)} names
 * @returns {string}
 */
export const classes = (...names) => names.filter(Boolean).join(" ");
