/** Questions and menus. */

import { html, useEffect, useId, useRef, useState } from "../core/ui.js";

/** @typedef {import("../core/ui.js").Children} Children */

/**
 * A dialog over the page: Escape closes it, and the focus goes back to where it was.
 *
 * @param {{ title: string, onClose: () => void, children?: Children }} props
 */
export function Dialog({ title, onClose, children }) {
  const element = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const id = useId();
  useEffect(() => {
    element.current?.showModal();
  }, []);
  return html`<dialog class="dialog" ref=${element} aria-labelledby=${id} onClose=${onClose}>
    <div class="body"><h2 id=${id}>${title}</h2>${children}</div>
  </dialog>`;
}

/**
 * A question before what cannot be undone.
 *
 * @param {{ title: string, text: string, confirm: string, onConfirm: () => void, onClose: () => void }} props
 */
export const Question = ({ title, text, confirm, onConfirm, onClose }) => html`<${Dialog} title=${title} onClose=${onClose}>
  <p>${text}</p>
  <div class="actions">
    <button type="button" class="button danger" onClick=${() => { onClose(); onConfirm(); }}>${confirm}</button>
    <button type="button" class="button" onClick=${onClose}>Keep it</button>
  </div>
<//>`;

/**
 * A menu of actions. Arrow keys move in it, Escape closes it.
 *
 * @param {{ label: string, name: string, items: readonly ([string, () => void] | false | null)[] }} props label: on the
 *   button; name: of what it is about, for those who do not see where it stands
 */
export function Menu({ label, name, items }) {
  const [isOpen, setOpen] = useState(false);
  const root = useRef(/** @type {HTMLElement | null} */ (null));
  const shown = items.filter((item) => item !== null && item !== false);
  useEffect(() => {
    if (!isOpen) return undefined;
    /** @type {HTMLElement | null | undefined} */ (root.current?.querySelector("[role=menuitem]"))?.focus();
    const close = (/** @type {Event} */ event) => root.current?.contains(/** @type {Element} */ (event.target)) || setOpen(false);
    addEventListener("pointerdown", close);
    return () => removeEventListener("pointerdown", close);
  }, [isOpen]);
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    const entries = [.../** @type {NodeListOf<HTMLElement>} */ (root.current?.querySelectorAll("[role=menuitem]") ?? [])];
    const at = entries.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step && isOpen) {
      event.preventDefault();
      entries[(at + step + entries.length) % entries.length]?.focus();
    }
    if (isOpen && (event.key === "Escape" || event.key === "Tab")) {
      setOpen(false);
      if (event.key === "Escape") root.current?.querySelector("button")?.focus();
    }
  };
  if (!shown.length) return null;
  return html`<span class="menu" ref=${root} onKeyDown=${onKeyDown}>
    <button type="button" class="button quiet small" aria-haspopup="menu" aria-expanded=${isOpen} aria-label=${`${label === "⋯" ? "Actions" : label}: ${name}`}
      onClick=${() => setOpen(!isOpen)}>${label}</button>
    ${isOpen && html`<div class="items" role="menu" aria-label=${name}>
      ${shown.map(([word, act]) => html`<button key=${word} type="button" role="menuitem" tabindex="-1" onClick=${() => { setOpen(false); act(); }}>${word}</button>`)}
    </div>`}
  </span>`;
}
