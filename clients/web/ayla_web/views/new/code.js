/** A draft as code: for Python, the command line and curl. What it submits is the same document in all three. */

/** Columns of a line. */
const WIDTH = 96;

/** @typedef {{ truth: (value: boolean) => string, nothing: string, trailing: string }} Language */

/** @type {Language} */
const JSON_TEXT = { truth: String, nothing: "null", trailing: "" };

/** @type {Language} */
const PYTHON = { truth: (value) => (value ? "True" : "False"), nothing: "None", trailing: "," };

/**
 * A document, on one line where it fits.
 *
 * @param {unknown} value
 * @param {Language} language
 * @param {string} [indent]
 * @param {number} [taken] columns of the line that are taken before and after it
 * @returns {string}
 */
function written(value, language, indent = "", taken = 0) {
  const line = flat(value, language);
  if (line.length + indent.length + taken <= WIDTH || !isNested(value)) return line;
  const inner = `${indent}  `;
  const isList = Array.isArray(value);
  if (isList && value.every((one) => !isNested(one))) return filled(value, language, indent);
  const items = isList
    ? value.map((one) => `${inner}${written(one, language, inner, 1)}`)
    : Object.entries(/** @type {object} */ (value)).map(([name, one]) => {
        const key = `${JSON.stringify(name)}: `;
        return `${inner}${key}${written(one, language, inner, key.length + 1)}`;
      });
  const [open, close] = isList ? "[]" : "{}";
  return `${open}\n${items.join(",\n")}${language.trailing}\n${indent}${close}`;
}

/** @param {unknown} value */
const isNested = (value) => value !== null && typeof value === "object" && Object.keys(value).length > 0;

/** Numbers and texts, as many on a line as fit. @param {unknown[]} values @param {Language} language @param {string} indent */
function filled(values, language, indent) {
  const lines = [`${indent} `];
  for (const [place, value] of values.entries()) {
    const text = ` ${flat(value, language)}${place < values.length - 1 ? "," : language.trailing}`;
    const last = /** @type {string} */ (lines[lines.length - 1]);
    if (last.length + text.length > WIDTH && last.trim()) lines.push(`${indent} ${text}`);
    else lines[lines.length - 1] = last + text;
  }
  return `[\n${lines.join("\n")}\n${indent}]`;
}

/** @param {unknown} value @param {Language} language @returns {string} on one line */
function flat(value, language) {
  if (value === null || value === undefined) return language.nothing;
  if (typeof value === "boolean") return language.truth(value);
  if (typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((one) => flat(one, language)).join(", ")}]`;
  const items = Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${flat(one, language)}`);
  return `{${items.join(", ")}}`;
}

/** @param {unknown} document @returns {string} JSON that people read */
export const asJson = (document) => written(document, JSON_TEXT);

/**
 * @param {import("./draft.js").Draft} draft
 * @param {string} origin of the service
 * @param {boolean} needsKey whether requests need an API key
 * @returns {string}
 */
export function asPython(draft, origin, needsKey) {
  const key = needsKey ? "  # the key is read from AYLA_API_KEY" : "";
  return `import ayla

spec = ${written(draft, PYTHON, "", 7)}

with ayla.Client(${JSON.stringify(origin)}) as client:${key}
    job = client.jobs.submit(spec)
    client.jobs.wait(job)
    print(client.compare(job))
`;
}

/** @param {import("./draft.js").Draft} draft @param {string} origin @param {boolean} needsKey @returns {string} */
export function asCommand(draft, origin, needsKey) {
  const key = needsKey ? "# the key is read from AYLA_API_KEY\n" : "";
  return `${key}export AYLA_BASE_URL=${quoted(origin)}
ayla submit --watch -f - <<'END'
${asJson(draft)}
END
`;
}

/** @param {import("./draft.js").Draft} draft @param {string} origin @param {boolean} needsKey @returns {string} */
export function asCurl(draft, origin, needsKey) {
  const key = needsKey ? ` \\\n  -H "Authorization: Bearer $AYLA_API_KEY"` : "";
  return `curl --fail-with-body ${quoted(`${origin}/v1/jobs`)} \\
  -H 'Content-Type: application/json'${key} \\
  --data-binary @- <<'END'
${asJson(draft)}
END
`;
}

/** @param {string} text @returns {string} one word of a shell */
const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
