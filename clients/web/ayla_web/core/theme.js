/** Dark or light: as the system says, unless the address (?theme=dark) or this browser's choice says otherwise. */

import { computed, effect, signal } from "./ui.js";
import { query, setQuery } from "./router.js";

const KEY = "ayla-theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const systemIsDark = signal(system.matches);
system.addEventListener("change", () => (systemIsDark.value = system.matches));

/** @param {string | null} value @returns {"dark" | "light" | null} */
const known = (value) => (value === "dark" || value === "light" ? value : null);

const chosen = signal(stored());

function stored() {
  try {
    return known(localStorage.getItem(KEY));
  } catch {
    return null; // a browser that keeps nothing for pages
  }
}

/** The theme that is shown. Charts read their colours again when it changes. */
export const theme = computed(() => known(query.value.get("theme")) ?? chosen.value ?? (systemIsDark.value ? "dark" : "light"));

/** Show the other theme, and keep it. */
export function toggleTheme() {
  const next = theme.value === "dark" ? "light" : "dark";
  chosen.value = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // It holds until the page is left.
  }
  if (query.value.has("theme")) setQuery({ theme: next });
}

/** Keep the document in the theme. */
export const applyTheme = () => effect(() => document.documentElement.setAttribute("data-theme", theme.value));

/** @param {string} name of a token, such as --text @returns {string} its value in the theme that is shown */
export const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
