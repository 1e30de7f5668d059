/**
 * Copies the libraries of the page from node_modules into ayla_web/lib/, for maintainers: `npm ci && npm run vendor`.
 *
 * Users and the service need neither npm nor Node.js: what is copied is committed. Versions stand in package.json, and
 * npm checks what it downloads against package-lock.json. `versions.json` names each file with its SHA-256, which
 * the test suite holds against the files.
 */

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const LIB = join(HERE, "ayla_web/lib");
const AXE = join(HERE, "../../tests/browser/axe");

/** Where each module is found by the others: browsers know no bare names without an import map, which has to be inline. */
const MODULES = {
  preact: "./preact.js",
  "preact/hooks": "./hooks.js",
  "@preact/signals-core": "./signals-core.js",
};

/** @typedef {{ package: string, source: string, target: string, change?: (text: string) => string, types?: string }} Copy */

/** @type {Copy[]} */
const PAGE = [
  { package: "preact", source: "dist/preact.module.js", target: "preact.js", types: "preact" },
  { package: "preact", source: "hooks/dist/hooks.module.js", target: "hooks.js", types: "preact/hooks" },
  { package: "htm", source: "dist/htm.module.js", target: "htm.js", types: "htm" },
  { package: "@preact/signals-core", source: "dist/signals-core.module.js", target: "signals-core.js", types: "@preact/signals-core" },
  { package: "@preact/signals", source: "dist/signals.module.js", target: "signals.js", types: "@preact/signals" },
  // The package has only its IIFE minified, a third of the bytes of its module.
  { package: "uplot", source: "dist/uPlot.iife.min.js", target: "uplot.js", change: (text) => `${text.trim()}\nexport default uPlot;\n`, types: "uplot" },
  { package: "uplot", source: "dist/uPlot.min.css", target: "uplot.css" },
];

/** @type {Copy[]} */
const TESTS = [{ package: "axe-core", source: "axe.min.js", target: "axe.min.js" }];

/** @param {string} text the same with relative imports and without the address of a source map that is not copied */
const linked = (text) =>
  text
    .replace(/(from|import)(\s*)"([^"./][^"]*)"/g, (whole, word, space, name) => {
      const target = MODULES[/** @type {keyof typeof MODULES} */ (name)];
      return target ? `${word}${space}"${target}"` : whole;
    })
    .replace(/\n?\/\/# sourceMappingURL=\S+\s*$/, "\n");

/** Of a package, beside its files; the service serves texts by this ending. @param {string} name */
const licenceOf = (name) => `LICENSE.${name.replace("@", "").replace("/", "-")}.txt`;

/** What each copy begins with, so that whoever has it knows whose it is and finds its licence. @param {string} name */
const notice = (name) => {
  const { version, license } = JSON.parse(packaged(name, "package.json"));
  return `/*! ${name} ${version}, ${license}, see ${licenceOf(name)} beside this file */\n`;
};

/** @param {string} name @param {string} file @returns {string} text of a file of a package */
const packaged = (name, file) => readFileSync(join(HERE, "node_modules", name, file), "utf8");

/** @param {Copy[]} copies @param {string} folder that is written anew */
function vendor(copies, folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  /** @type {Record<string, { version: string, license: string, files: Record<string, string> }>} */
  const versions = {};
  /** @param {string} name @param {string} file @param {string} text */
  const write = (name, file, text) => {
    const { version, license } = JSON.parse(packaged(name, "package.json"));
    versions[name] ??= { version, license, files: {} };
    versions[name].files[file] = createHash("sha256").update(text).digest("hex");
    writeFileSync(join(folder, file), text);
  };
  for (const copy of copies) {
    const text = linked(packaged(copy.package, copy.source));
    write(copy.package, copy.target, notice(copy.package) + (copy.change ? copy.change(text) : text));
    write(copy.package, licenceOf(copy.package), packaged(copy.package, "LICENSE"));
    if (copy.types) {
      const both = `export * from "${copy.types}";\nexport { default } from "${copy.types}";\n`;
      const hasDefault = copy.types === "htm" || copy.types === "uplot";
      write(copy.package, copy.target.replace(".js", ".d.ts"), hasDefault ? both : both.split("\n")[0] + "\n");
    }
  }
  writeFileSync(join(folder, "versions.json"), `${JSON.stringify(versions, null, 2)}\n`);
}

vendor(PAGE, LIB);
vendor(TESTS, AXE);
