import assert from "node:assert/strict";
import { test } from "node:test";
import { EventParser } from "../ayla_web/live/sse.js";

/** @param {string[]} pieces */
function parsed(pieces) {
  /** @type {import("../ayla_web/live/sse.js").Message[]} */
  const messages = [];
  /** @type {number[]} */
  const retries = [];
  const parser = new EventParser((message) => messages.push(message), (milliseconds) => retries.push(milliseconds));
  for (const piece of pieces) parser.feed(piece);
  return { messages, retries };
}

test("events are the same wherever the stream is cut", () => {
  const text = 'retry: 700\n: ping\n\nevent: state\r\ndata: {"a":\r\ndata: 1}\r\nid: x\r\n\r\ndata: second\n\n';
  const whole = parsed([text]);
  assert.deepEqual(whole.messages, [
    { event: "state", data: '{"a":\n1}', id: "x" },
    { event: "message", data: "second", id: "x" },
  ]);
  assert.deepEqual(whole.retries, [700]);
  for (let cut = 1; cut < text.length; cut += 1) assert.deepEqual(parsed([text.slice(0, cut), text.slice(cut)]), whole);
});

test("an event that is not ended yet is not told, and comments are none", () => {
  assert.deepEqual(parsed(["event: state\ndata: 1\n"]).messages, []);
  assert.deepEqual(parsed([": only a sign of life\n\n"]).messages, []);
});
