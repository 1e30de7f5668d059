import assert from "node:assert/strict";
import test from "node:test";

import { cellAt, colourScale, labelled, paint, shareOf, unpackCells, unpackCounts } from "../../ayla_web/charts/cells.js";

const base64 = (/** @type {ArrayBuffer} */ buffer) => Buffer.from(buffer).toString("base64");

test("cells are unpacked from base64", () => {
  const cells = Float32Array.of(1.5, NaN, Infinity, -2);
  assert.deepEqual(unpackCells(base64(cells.buffer)), cells);
  assert.deepEqual(unpackCounts(base64(Uint32Array.of(1, 0, 70000).buffer)), Uint32Array.of(1, 0, 70000));
});

test("colours are logarithmic where values are positive and span a factor of ten", () => {
  const scale = colourScale([Float32Array.of(0, 0.01, NaN), Float32Array.of(1, Infinity)], "auto", false);
  assert.equal(scale?.isLog, true);
  assert.equal(shareOf(scale, 0.1).toFixed(2), "0.50");
  assert.equal(shareOf(scale, 0), 0);
  assert.equal(colourScale([Float32Array.of(-1, 100)], "auto", false)?.isLog, false);
  assert.equal(colourScale([Float32Array.of(NaN, Infinity)], "auto", false), null);
  assert.equal(colourScale([Float32Array.of(0, -1)], "log", false)?.isLog, false);
});

test("the worst two in a hundred share the last colour if they would take most", () => {
  const cells = Float32Array.from({ length: 100 }, (_, place) => (place === 99 ? 1e6 : place + 1));
  const scale = colourScale([cells], "linear", false);
  assert.deepEqual(scale, { isLog: false, low: 1, high: 98, isCut: true });
  assert.equal(colourScale([cells], "linear", true)?.isCut, false);
});

test("the lowest row is at the bottom of the picture; diverged and empty cells have colours of their own", () => {
  const pixels = new Uint32Array(4);
  const cells = Float32Array.of(0, 1, Infinity, NaN);
  const scale = colourScale([cells], "linear", false);
  paint(pixels, cells, Uint32Array.of(1, 1, 2, 0), 2, scale, "#eeeeee");
  const bytes = (/** @type {number} */ place) => [...new Uint8Array(pixels.buffer, 4 * place, 4)];
  assert.deepEqual(bytes(0), [0xd5, 0x5e, 0x00, 255]);
  assert.deepEqual(bytes(1), [0xee, 0xee, 0xee, 255]);
  assert.deepEqual(bytes(2), [0x44, 0x01, 0x54, 255]);
  assert.deepEqual(bytes(3), [0xfd, 0xe7, 0x25, 255]);
});

test("every cell of a million has a colour", () => {
  const cells = Float32Array.from({ length: 1e6 }, (_, place) => 10 ** (place % 7));
  const pixels = new Uint32Array(1e6);
  paint(pixels, cells, new Uint32Array(1e6).fill(1), 1000, colourScale([cells], "auto", false), "#eeeeee");
  assert.equal(pixels.includes(0), false);
});

test("a point belongs to a cell", () => {
  assert.deepEqual(cellAt(0, 0, 4, 3), { column: 0, row: 2 });
  assert.deepEqual(cellAt(0.999, 0.999, 4, 3), { column: 3, row: 0 });
  assert.equal(cellAt(1, 0.5, 4, 3), null);
});

test("of many places some are labelled", () => {
  assert.deepEqual(labelled(3, 5), [0, 1, 2]);
  assert.ok(labelled(1000, 6).length <= 7);
});
