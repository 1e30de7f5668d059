import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import test from "node:test";

import { asCommand, asCurl, asJson, asPython } from "../../ayla_web/views/new/code.js";
import { asAxis, axisKind, errorsAt, hasAxis, numberOf, packed, seedsOf, seedsText, unpacked, valueAt, variablesOf, withValue } from "../../ayla_web/views/new/draft.js";
import { fieldOf, fieldsOf, variantsOf } from "../../ayla_web/views/new/schema.js";

test("a value is changed in a copy, and taken away", () => {
  const draft = { optimizers: [{ name: "sgd", learning_rate: 0.1 }] };
  const changed = withValue(draft, ["optimizers", 0, "ayla", "n1"], 2);
  assert.deepEqual(changed, { optimizers: [{ name: "sgd", learning_rate: 0.1, ayla: { n1: 2 } }] });
  assert.deepEqual(draft.optimizers[0], { name: "sgd", learning_rate: 0.1 });
  assert.deepEqual(withValue(changed, ["optimizers", 0, "ayla"], undefined), draft);
  assert.deepEqual(withValue(draft, ["optimizers", 0], undefined), { optimizers: [] });
  assert.equal(valueAt(draft, ["problem", "start", "x"]), undefined);
});

test("errors belong to the field they point to", () => {
  const errors = [{ pointer: "/optimizers/0/learning_rate/low" }, { pointer: "/optimizers/10" }, { pointer: "/a~1b" }];
  assert.equal(errorsAt(errors, ["optimizers", 0, "learning_rate"]).length, 1);
  assert.equal(errorsAt(errors, ["optimizers", 1]).length, 0);
  assert.equal(errorsAt(errors, ["optimizers"], false).length, 0);
  assert.equal(errorsAt(errors, ["a/b"]).length, 1);
});

test("numbers, lists and seeds are read as they are typed", () => {
  assert.deepEqual(["1e-3", " .5 ", "", "1e", "0x10", "1e999", "−2"].map(numberOf), [0.001, 0.5, undefined, "1e", "0x10", "1e999", -2]);
  assert.deepEqual(seedsOf("0-3, 7 100..101"), [0, 1, 2, 3, 7, 100, 101]);
  assert.equal(seedsText([0, 1, 2, 3, 7, 100, 101]), "0-3, 7, 100, 101");
  assert.deepEqual(seedsOf(seedsText([5, 4, 9])), [5, 4, 9]);
  assert.equal(seedsOf(" "), undefined);
  assert.equal(seedsOf("0-999999999")?.length, 1001);
  assert.deepEqual(seedsOf("a"), ["a"]);
});

test("a number becomes an axis around it, and a number again", () => {
  assert.deepEqual(asAxis(0.01, "range", false), { low: 0.001, high: 0.1, scale: "log", count: 8 });
  assert.equal(axisKind(asAxis(0.01, "list", false)), "list");
  assert.equal(asAxis({ low: 0.001, high: 0.1 }, "number", false), 0.001);
  assert.equal(axisKind(3), "number");
  assert.equal(hasAxis({ optimizers: [{ ayla: { n1: { values: [1] } } }] }), true);
  assert.equal(hasAxis({ problem: { start: { x: { uniform: [0, 1] } } } }), false);
});

test("variables of an expression", () => {
  const known = new Set(["sum", "exp", "pi"]);
  assert.deepEqual(variablesOf("sum(x[i]**2 for i in range(len(x))) + exp(y_1) * 2e3 - pi", known), ["x", "y_1"]);
});

test("a draft goes into the address and comes back, whatever texts it has", () => {
  const draft = { name: "</script>\u2028ä𝄞'\"", optimizers: [{ name: "sgd", learning_rate: 1e-7 }] };
  assert.deepEqual(unpacked(packed(draft)), draft);
  assert.match(packed(draft), /^[\w-]*$/);
  assert.deepEqual(["", "%%", packed([]), "e30x"].map(unpacked), [null, null, null, null]);
});

const HOSTILE = {
  name: "'; rm -rf ~ #\"$(id)`id`\\\nEND\n\t\u0000\u007f\u2028𝄞",
  optimizers: [{ name: "adam", learning_rate: { low: 1e-7, high: 0.1, scale: "log", count: 20 }, ayla: null, nesterov: true }],
  seeds: Array.from({ length: 60 }, (_, seed) => seed),
  notes: "",
  tags: [],
  limits: {},
};

test("python reads the same document", () => {
  const code = asPython(HOSTILE, "http://127.0.0.1:8642", false).split("\nwith ")[0] ?? "";
  const script = `${code.replace("import ayla", "import json")}\nprint(json.dumps(spec))`;
  assert.deepEqual(JSON.parse(execFileSync("python3", ["-c", script], { encoding: "utf8" })), HOSTILE);
});

test("a shell hands over the same document", () => {
  for (const code of [asCommand(HOSTILE, "http://x'y", true), asCurl(HOSTILE, "http://x'y", true)]) {
    const script = `curl() { cat; }; ayla() { cat; }; ${code}`;
    assert.deepEqual(JSON.parse(execFileSync("bash", ["-c", script], { encoding: "utf8" })), HOSTILE);
  }
  assert.ok(asJson(HOSTILE).split("\n").every((line) => line.length <= 100));
});

const ROOT = {
  $defs: {
    ValuesAxis: { type: "object", properties: { values: { type: "array", items: { type: "number" } } } },
    Sgd: { type: "object", description: "Gradient descent.", properties: { name: { const: "sgd", default: "sgd" }, learning_rate: { anyOf: [{ type: "number", exclusiveMinimum: 0 }, { $ref: "#/$defs/ValuesAxis" }], description: "Step size." } } },
    New: { type: "object", properties: { name: { const: "new", default: "new" }, hidden: { type: "array", items: { type: "integer" } } } },
  },
  properties: {
    dtype: { anyOf: [{ enum: ["float64", "float32"], type: "string" }, { type: "null" }], default: null },
    optimizer: { oneOf: [{ $ref: "#/$defs/Sgd" }, { $ref: "#/$defs/New" }], discriminator: { propertyName: "name" } },
    either: { anyOf: [{ type: "string" }, { type: "array", items: {} }] },
  },
};

test("controls follow from the schema", () => {
  const fields = Object.fromEntries(fieldsOf(ROOT, ROOT));
  assert.deepEqual([fields.dtype?.kind, fields.dtype?.isOptional, fields.dtype?.options], ["choice", true, ["float64", "float32"]]);
  assert.equal(fields.optimizer?.kind, "variants");
  assert.equal(fields.either?.kind, "json");
  const [sgd, other] = variantsOf(fields.optimizer?.schema ?? {}, ROOT);
  assert.deepEqual([sgd?.name, sgd?.description, other?.name], ["sgd", "Gradient descent.", "new"]);
  const rate = fieldOf(ROOT.$defs.Sgd.properties.learning_rate, ROOT);
  assert.deepEqual([rate.kind, rate.takesAxis, rate.isOptional, rate.description], ["number", true, false, "Step size."]);
  assert.deepEqual(fieldsOf(other?.schema ?? {}, ROOT).map(([name, field]) => [name, field.kind]), [["hidden", "numbers"]]);
});
