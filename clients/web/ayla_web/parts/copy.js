/** A button that copies a text. */

import { html, useEffect, useState } from "../core/ui.js";

const SAID_MS = 2000;

/** @param {string} text @returns {Promise<boolean>} whether it is in the clipboard */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text); // only pages of https and loopback have it
    return true;
  } catch {
    return copySelected(text);
  }
}

/** @param {string} text */
function copySelected(text) {
  const field = Object.assign(document.createElement("textarea"), { value: text });
  (document.querySelector("dialog[open]") ?? document.body).append(field);
  field.select();
  const isDone = document.execCommand("copy");
  field.remove();
  return isDone;
}

/** @param {{ text: string, name: string }} props name: of what is copied */
export function CopyButton({ text, name }) {
  const [said, setSaid] = useState("");
  useEffect(() => {
    if (!said) return undefined;
    const timer = setTimeout(() => setSaid(""), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);
  return html`<button type="button" class="button small" aria-label=${`Copy ${name}`} onClick=${async () => setSaid((await copy(text)) ? "Copied" : "Select and copy it by hand")}>
    <span aria-live="polite">${said || "Copy"}</span></button>`;
}
