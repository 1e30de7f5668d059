/** Questions and menus. */

import { html, useEffect, useId, useLayoutEffect, useRef, useState } from "../core/ui.js";

/** @typedef {import("../core/ui.js").Children} Children */

/** Pixels between a menu and its button, and between it and the edge of the window. */
const GAP = 4;

/**
 * A dialog over the page: Escape closes it, and however it is closed, the focus goes back to where it was.
 *
 * @param {{ title: string, onClose: () => void, children?: Children }} props
 */
export function Dialog({ title, onClose, children }) {
  const element = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    element.current?.showModal();
    // Once it is gone: as long as a modal dialog is open, nothing outside of it takes the focus.
    return () => queueMicrotask(() => before instanceof HTMLElement && before.isConnected && before.focus());
  }, []);
  return html`<dialog class="dialog" ref=${element} aria-labelledby=${id} onClose=${onClose}>
    <div class="body"><h2 id=${id}>${title}</h2>${children}</div>
  </dialog>`;
}

/**
 * A question before what cannot be undone. Who answers it in haste keeps what there is.
 *
 * @param {{ title: string, text: string, confirm: string, onConfirm: () => void, onClose: () => void }} props
 */
export const Question = ({ title, text, confirm, onConfirm, onClose }) => html`<${Dialog} title=${title} onClose=${onClose}>
  <p>${text}</p>
  <div class="actions">
    <button type="button" class="button danger" onClick=${() => { onClose(); onConfirm(); }}>${confirm}</button>
    <button type="button" class="button" autofocus onClick=${onClose}>Keep it</button>
  </div>
<//>`;

/**
 * A menu of actions. Arrow keys move in it, Escape closes it. It lies above all else, so no box that scrolls cuts it off.
 *
 * @param {{ label: string, name: string, items: readonly ([string, () => void] | false | null)[] }} props label: on the
 *   button; name: of what it is about, for those who do not see where it stands
 */
export function Menu({ label, name, items }) {
  const [isOpen, setOpen] = useState(false);
  const root = useRef(/** @type {HTMLElement | null} */ (null));
  const button = useRef(/** @type {HTMLElement | null} */ (null));
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  const shown = items.filter((item) => item !== null && item !== false);
  useLayoutEffect(() => void (list.current && button.current && place(list.current, button.current)));
  useEffect(() => {
    if (!isOpen) return undefined;
    /** @type {HTMLElement | null | undefined} */ (list.current?.querySelector("[role=menuitem]"))?.focus();
    return whileOpen(root, () => setOpen(false), () => list.current && button.current && place(list.current, button.current));
  }, [isOpen]);
  /** The menu goes, and with it the item that has the focus. */
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (!isOpen || !list.current) return;
    if (step) {
      event.preventDefault();
      moveIn(list.current, step);
    }
    if (event.key === "Escape" || event.key === "Tab") close();
  };
  if (!shown.length) return null;
  return html`<span class="menu" ref=${root} onKeyDown=${onKeyDown}>
    <button ref=${button} type="button" class="button quiet small" aria-haspopup="menu" aria-expanded=${isOpen} aria-label=${`${label === "⋯" ? "Actions" : label}: ${name}`}
      onClick=${() => setOpen(!isOpen)}>${label}</button>
    ${isOpen && html`<div ref=${list} class="items" popover="manual" role="menu" aria-label=${name}>
      ${shown.map(([word, act]) => html`<button key=${word} type="button" role="menuitem" tabindex="-1" onClick=${() => { close(); act(); }}>${word}</button>`)}
    </div>`}
  </span>`;
}

/** Move the focus from one item to the next, past the last to the first. @param {HTMLElement} list @param {number} step */
function moveIn(list, step) {
  const entries = [.../** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll("[role=menuitem]"))];
  const at = entries.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  entries[(at + step + entries.length) % entries.length]?.focus();
}

/**
 * Show a menu under its button, above it where there is no room, and within the window in any case.
 *
 * @param {HTMLElement} list
 * @param {HTMLElement} button
 */
function place(list, button) {
  if (!list.matches(":popover-open")) list.showPopover();
  const [at, { width, height }] = [button.getBoundingClientRect(), list.getBoundingClientRect()];
  const { clientWidth, clientHeight } = document.documentElement;
  const isBelow = at.bottom + GAP + height <= clientHeight - GAP;
  const within = (/** @type {number} */ wanted, /** @type {number} */ most) => `${Math.max(GAP, Math.min(wanted, most - GAP))}px`;
  list.style.top = within(isBelow ? at.bottom + GAP : at.top - GAP - height, clientHeight - height);
  list.style.left = within(at.right - width, clientWidth - width);
}

/**
 * Close a menu when something else is pointed at; it moves with its button where the page scrolls under it.
 *
 * @param {{ current: HTMLElement | null }} root
 * @param {() => void} close
 * @param {() => void} follow
 * @returns {() => void} ends that
 */
function whileOpen(root, close, follow) {
  const ended = new AbortController();
  const { signal } = ended;
  addEventListener("pointerdown", (event) => root.current?.contains(/** @type {Node} */ (event.target)) || close(), { signal });
  addEventListener("scroll", follow, { capture: true, passive: true, signal });
  addEventListener("resize", follow, { signal });
  return () => ended.abort();
}
