"""The jobs that are submitted: a small one, of which the queue is full, and one that runs for long."""

from typing import Any

from ayla_spec import JobSpec, ResolvedJobSpec, resolve

STEPS = 50
TAG = "sweep"

SMALL: dict[str, Any] = {
    "tags": [TAG],
    "problem": {"type": "expression", "expression": "x**4 - 3*x**3 + 2", "start": {"x": -1.0}},
    "optimizers": [{"name": "adam", "learning_rate": 0.01, "ayla": {"n1": 1.5, "n2": 1.0}}],
    "budget": {"steps": STEPS},
}
"""One trial, every step recorded: one shard, which fits into a pack."""

LONG: dict[str, Any] = {
    "problem": {
        "type": "expression",
        "expression": "sum(x[i]**4 - 16*x[i]**2 + 5*x[i] for i in range(len(x)))/2",
        "start": {"x": [0.1 * place for place in range(1, 11)]},
    },
    "optimizers": [{"name": "adam", "learning_rate": 0.0001, "ayla": {"n2": 0.57}}],
    "budget": {"steps": 10_000_000},
    "record": {"every": 10_000},
}
"""Runs for longer than any fault lasts; it is cancelled after it."""

NETWORK: dict[str, Any] = {
    "problem": {"type": "dataset", "dataset": {"name": "digits"}, "batch_size": 32},
    "optimizers": [{"name": "adam", "learning_rate": 0.0001, "ayla": {"n1": 1.5}}],
    "budget": {"epochs": 20_000},
    "record": {"every": 1000},
}
"""Mini-batches, with metrics after each epoch; runs for minutes."""


def small() -> ResolvedJobSpec:
    """The small job as the service resolves it."""
    return resolve(JobSpec.model_validate(SMALL))
