/** Names that users gave: of any length, so that two lines are shown, and all of it where the pointer rests. */

import { html } from "../core/ui.js";

/** Names up to this length are shown whole. */
const SHORT = 40;

/** @param {{ text: string }} props */
export const Name = ({ text }) => (text.length <= SHORT ? html`${text}` : html`<span class="long-name" title=${text}>${text}</span>`);
