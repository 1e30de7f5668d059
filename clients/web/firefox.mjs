/**
 * Opens views of the dashboard in Firefox, over WebDriver BiDi, and tells what it saw: `node firefox.mjs PROGRAM < views.json`.
 *
 * Input: a list of `{ name, url, text }`, in which the text is what is to be seen when the view is read. Output: a line of JSON
 * for each, `{ name, faults }`. It is a part of the test suite (tests/browser/test_firefox.py), not of the page.
 */

import { readFileSync } from "node:fs";

import puppeteer from "puppeteer-core";

const PATIENCE_MS = 60_000;
const SIZE = { width: 1280, height: 800 };

/** What a view shows when it is read, as a fault if it does not. */
const LOOKED_AT = `(text) => {
  if (!document.body.innerText.includes(text)) return "does not say " + text;
  if (document.querySelector(".loading, .stale, [aria-busy=true]")) return "is still reading";
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide > 0) return "is " + wide + " pixels wider than the window";
  const empty = [...document.querySelectorAll("canvas")].find((canvas) => !canvas.width || !canvas.height);
  return empty ? "has a canvas without a size" : "";
}`;

/** @param {import("puppeteer-core").Page} page @param {string} text @returns {Promise<string[]>} */
async function lookedAt(page, text) {
  const deadline = Date.now() + PATIENCE_MS;
  let fault;
  do {
    fault = await page.evaluate(`(${LOOKED_AT})(${JSON.stringify(text)})`);
    if (fault) await new Promise((resolve) => setTimeout(resolve, 50));
  } while (fault && Date.now() < deadline);
  return fault ? [String(fault)] : [];
}

/** @param {import("puppeteer-core").Browser} browser @param {{ name: string, url: string, text: string }} view */
async function seen(browser, { name, url, text }) {
  const page = await browser.newPage();
  /** @type {string[]} */
  const faults = [];
  await page.setViewport(SIZE);
  page.on("console", (message) => ["error", "warn"].includes(message.type()) && faults.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => faults.push(`error: ${error}`));
  page.on("request", (request) => request.url().startsWith("http") && !request.url().startsWith(new URL(url).origin) && faults.push(`another host: ${request.url()}`));
  await page.goto(url, { waitUntil: "domcontentloaded", timeout: PATIENCE_MS });
  faults.push(...(await lookedAt(page, text)));
  await page.close();
  return { name, faults };
}

const [, , executablePath] = process.argv;
const browser = await puppeteer.launch({ browser: "firefox", executablePath: String(executablePath), headless: true });
try {
  for (const view of JSON.parse(readFileSync(0, "utf8"))) console.log(JSON.stringify(await seen(browser, view)));
} finally {
  await browser.close();
}
