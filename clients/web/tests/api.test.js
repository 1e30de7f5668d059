import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiProblem, get, post } from "../ayla_web/core/api.js";

/** An answer of success whose body comes to this end. @param {unknown} error */
const failing = (error) => new Response(new ReadableStream({ start: (body) => body.error(error) }), { status: 200 });

test("an answer that breaks off is none, and may be asked for again", async () => {
  globalThis.fetch = async () => failing(new TypeError("network error"));
  for (const asked of [get("/v1/queue"), post("/v1/queue:pause")]) {
    await assert.rejects(asked, (error) => error instanceof ApiProblem && error.status === 0 && error.isPassing);
  }
});

test("what was given up is no error of the service", async () => {
  globalThis.fetch = async () => failing(new DOMException("given up", "AbortError"));
  await assert.rejects(get("/v1/queue"), { name: "AbortError" });
});
