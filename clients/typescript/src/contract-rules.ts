/** What the types of requests promise. It holds if this compiles: an error that is expected and missing is one too. */
import type { Schemas } from "./service.js";

/** Settings with a default can be left out: of the optimizer, the model and the job. */
export const shortest: Schemas["JobSpec"] = {
  problem: { type: "dataset", dataset: { name: "digits" }, model: { name: "mlp" } },
  optimizers: [{ name: "sgd", learning_rate: 0.1, schedule: { name: "cosine" } }],
};

// @ts-expect-error An optimizer's settings alone do not say which one it is.
export const nameless: Schemas["Adam"] = { learning_rate: 0.1 };

// @ts-expect-error Nor does an expression alone say that it is one.
export const typeless: Schemas["JobSpec"]["problem"] = { expression: "x**2", start: { x: 1 } };

// @ts-expect-error Settings of one optimizer are none of another.
export const mixed: Schemas["Lion"] = { name: "lion", learning_rate: 0.1, momentum: 0.9 };

/** The name tells which member of a union a value is, and so which settings it has. */
export function momentum(optimizer: NonNullable<Schemas["JobSpec"]["optimizers"]>[number]): Schemas["Sgd"]["momentum"] {
  return optimizer.name === "sgd" ? optimizer.momentum : undefined;
}

/** So does the name of an event tell what its data are. */
export function lossesOf(event: Schemas["JobEvent"]): (number | null)[] {
  return event.event === "metric" || event.event === "snapshot" ? event.data.trials.map((trial) => trial.loss) : [];
}
