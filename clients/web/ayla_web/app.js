/** The page: its frame, and in it the view that the address names. */

import { Frame } from "./parts/frame.js";
import { html, render } from "./core/ui.js";
import { followLinks } from "./core/router.js";
import { identify } from "./core/session.js";
import { applyTheme } from "./core/theme.js";
import { connect } from "./live/connection.js";

applyTheme();
followLinks();
connect();
void identify();
render(html`<${Frame} />`, /** @type {HTMLElement} */ (document.getElementById("app")));
