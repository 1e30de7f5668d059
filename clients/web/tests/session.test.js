import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { ApiProblem, get, post } from "../ayla_web/core/api.js";
import { identify, may, me, unknown } from "../ayla_web/core/session.js";

/** @param {number} status @param {unknown} [body] */
const answer = (status, body = {}) => new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });

/** Let everything happen that waits for nothing but its turn. */
const settled = () => new Promise((done) => setImmediate(done));

test("who uses the page is asked again until the service answers", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  globalThis.fetch = async () => answer(503);
  await identify();
  assert.equal(unknown.value?.status, 503);
  globalThis.fetch = async () => answer(200, { scopes: ["read", "submit"] });
  mock.timers.tick(3000);
  await settled();
  mock.timers.reset();
  assert.equal(unknown.value, null);
  assert.deepEqual(me.value?.scopes, ["read", "submit"]);
});

test("an action that is refused has the page ask what it may do now, and a look has not", async () => {
  let asked = 0;
  globalThis.fetch = async (address) => {
    if (address !== "/v1/me") return answer(403);
    asked += 1;
    return answer(200, { scopes: ["read"] });
  };
  await assert.rejects(get("/v1/jobs"), ApiProblem);
  await settled();
  assert.equal(asked, 0);
  await assert.rejects(post("/v1/jobs", {}), ApiProblem);
  await settled();
  assert.equal(asked, 1);
  assert.equal(may("submit"), false);
});
