/** Submits a job that compares Adam with and without AYLA, follows it to its end, and reads what came out. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import { follow } from "./events.js";
import { answered, service, ServiceError, type Schemas, type Service } from "./service.js";

const SPEC: Schemas["JobSpec"] = {
  name: "from TypeScript",
  problem: { type: "expression", expression: "x**4 - 3*x**3 + 2", start: { x: -1 } },
  optimizers: [
    { name: "adam", learning_rate: 0.01 },
    { name: "adam", learning_rate: 0.01, ayla: { n1: 1, n2: 0.57 } },
  ],
  budget: { steps: 800 },
};

async function submit(api: Service): Promise<Schemas["JobDetail"]> {
  // The key makes the request safe to repeat: however often it is sent, there is one job.
  const header = { "Idempotency-Key": randomUUID() };
  return answered(api.POST("/v1/jobs", { params: { header }, body: SPEC }));
}

/** Prints every event as it comes; how many of each kind there were. */
async function watch(api: Service, job: string): Promise<Map<string, number>> {
  const seen = new Map<string, number>();
  for await (const event of follow(api, job)) {
    seen.set(event.event, (seen.get(event.event) ?? 0) + 1);
    if (event.event === "progress") console.log(`progress ${Math.round(100 * event.data.fraction)} %`);
    else if (event.event === "end") console.log(`end      ${event.data.job?.state ?? event.data.reason}`);
    else console.log(event.event);
  }
  return seen;
}

/** Prints one line for each trial, and checks that its curve ends where its summary says. */
async function read(api: Service, job: string): Promise<void> {
  const { data: trials } = await answered(
    api.GET("/v1/jobs/{job_id}/trials", { params: { path: { job_id: job } } }),
  );
  assert.equal(trials.length, SPEC.optimizers?.length);
  for (const trial of trials) {
    const curve = await answered(
      api.GET("/v1/trials/{trial_id}/trajectory", {
        params: { path: { trial_id: trial.id }, query: { max_points: 100 } },
      }),
    );
    const losses = curve.columns["loss"] ?? [];
    assert.equal(trial.state, "completed");
    assert.equal(losses.at(-1), trial.summary?.final_loss);
    console.log(`${trial.label}: loss ${trial.summary?.final_loss} after ${trial.steps_done} steps`);
  }
}

/** A job that cannot be is refused with the place of the mistake. */
async function refused(api: Service): Promise<void> {
  const body: Schemas["JobSpec"] = { ...SPEC, budget: { steps: -1 } };
  await assert.rejects(answered(api.POST("/v1/jobs:validate", { body })), (error: unknown) => {
    assert(error instanceof ServiceError);
    assert.equal(error.problem.status, 422);
    assert.equal(error.problem.errors[0]?.pointer, "/budget/steps");
    return true;
  });
}

const api = service();
const job = await submit(api);
console.log(`job ${job.id}`);
const seen = await watch(api, job.id);
assert((seen.get("snapshot") ?? 0) >= 1 && seen.get("end") === 1);
const ended = await answered(api.GET("/v1/jobs/{job_id}", { params: { path: { job_id: job.id } } }));
assert.equal(ended.state, "succeeded");
await read(api, job.id);
await refused(api);
console.log("A job was submitted, followed and read.");
