/** What stands where the address names no view. */

import { html } from "../../core/ui.js";
import { Heading } from "../../parts/basics.js";

export const View = () => html`<${Heading} text="Not found" />
  <p class="lead">This address names no view. <a href="/">The queue</a> and <a href="/jobs">the jobs</a> are where most begin.</p>`;
