import assert from "node:assert/strict";
import { test } from "node:test";
import { Reader } from "../ayla_web/core/remote.js";

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

/** A tab that the test hides and shows. */
class Tab extends EventTarget {
  hidden = false;

  /** @param {boolean} hidden */
  turn(hidden) {
    this.hidden = hidden;
    this.dispatchEvent(new Event("visibilitychange"));
  }
}

/** @param {Tab} tab @param {number} [leastMs] */
function reading(tab, leastMs = 0) {
  /** @type {number[]} */
  const found = [];
  let count = 0;
  const reader = new Reader(async () => ++count, (data) => found.push(data), (problem) => assert.fail(problem.message), leastMs, /** @type {any} */ (tab));
  return { reader, found };
}

test("a hidden tab reads once, notes what it is asked for, and reads that once when it is seen", async () => {
  const tab = new Tab();
  tab.hidden = true;
  const { reader, found } = reading(tab);
  reader.read();
  await settled();
  assert.deepEqual(found, [1]);
  for (let event = 0; event < 5; event += 1) reader.read();
  await settled();
  assert.deepEqual(found, [1]);
  tab.turn(false);
  await settled();
  assert.deepEqual(found, [1, 2]);
  tab.turn(true);
  tab.turn(false);
  await settled();
  assert.deepEqual(found, [1, 2], "nothing was asked for meanwhile");
  reader.end();
});

test("a reading that waits for its time does not begin in a tab that was hidden since", async () => {
  const tab = new Tab();
  const { reader, found } = reading(tab, 20);
  reader.read();
  await settled();
  reader.read();
  tab.turn(true);
  await new Promise((resolve) => setTimeout(resolve, 40));
  assert.deepEqual(found, [1]);
  tab.turn(false);
  await settled();
  assert.deepEqual(found, [1, 2]);
  reader.end();
});
