"""Job specs for the API's documentation. The tests submit each of them."""

from typing import Any

_SADDLE = {
    "name": "saddle",
    "tags": ["paper"],
    "problem": {"type": "expression", "expression": "x**4 - 3*x**3 + 2", "start": {"x": -1.0}},
    "optimizers": [
        {"name": "adam", "learning_rate": 0.01},
        {"name": "adam", "learning_rate": 0.01, "ayla": {"n1": 1.0, "n2": 0.57}},
    ],
    "budget": {"steps": 800},
    "seeds": [0],
    "record": {"every": 1},
    "device": "auto",
    "dtype": "float64",
}
_SIMPLEST = {
    "problem": {"type": "expression", "expression": "x**2 + y**2", "start": {"x": 3.0, "y": -2.0}},
    "optimizers": [{"name": "sgd", "learning_rate": 0.1}],
    "budget": {"steps": 100},
}
_PRESET = {"problem": {"type": "preset", "preset": "poly-adam"}}
_VECTOR = {
    "problem": {
        "type": "expression",
        "expression": "sum(100*(x[i + 1] - x[i]**2)**2 + (1 - x[i])**2 for i in range(len(x) - 1))",
        "start": {"x": [-1.2, 1.0, -1.2, 1.0]},
    },
    "optimizers": [
        {"name": "sgd", "learning_rate": 0.0005, "momentum": 0.9},
        {"name": "nadam", "learning_rate": 0.02, "schedule": {"name": "cosine", "warmup_steps": 50}},
    ],
    "budget": {"steps": 2000},
}
_RANDOM = {
    "problem": {
        "type": "expression",
        "expression": "sum(x[i]**4 - 8*x[i]**2 for i in range(len(x)))",
        "start": {"x": {"uniform": [-3.0, 3.0], "dimension": 2}},
        "noise": 0.5,
    },
    "optimizers": [
        {"name": "sgd", "learning_rate": 0.01},
        {"name": "sgd", "learning_rate": 0.01, "ayla": {"n1": 1.0, "n2": 0.8}},
    ],
    "budget": {"steps": 500},
    "seeds": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
}
_DIGITS = {
    "problem": {
        "type": "dataset",
        "dataset": {"name": "digits"},
        "model": {"name": "mlp", "hidden": [64], "initialization": {"name": "he"}},
        "batch_size": 32,
    },
    "optimizers": [
        {"name": "adam", "learning_rate": 0.001},
        {"name": "adam", "learning_rate": 0.001, "ayla": {"n1": 1.0, "n2": 1.5}},
    ],
    "budget": {"epochs": 20},
    "seeds": [0, 1, 2],
    "record": {"every": 10, "metrics_every": 1},
    "limits": {"seconds": 3600, "memory_mb": 2048},
    "priority": "high",
}
_RATES = {"low": 0.001, "high": 0.1, "scale": "log"}
_EXPONENTS = {"low": 0.5, "high": 2.0, "count": 20}
_GRID = {
    "problem": {"type": "expression", "expression": "x**4 - 3*x**3 + 2", "start": {"x": {"uniform": [-1.0, 3.0]}}},
    "optimizers": [
        {"name": "adam", "learning_rate": 0.01, "ayla": {"n1": {**_EXPONENTS}, "n2": {**_EXPONENTS}}},
        {"name": "adam", "learning_rate": {**_RATES, "count": 20}},
    ],
    "budget": {"steps": 800},
    "seeds": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
}
_SOBOL = {
    "problem": {"type": "preset", "preset": "poly-adam"},
    "optimizers": [
        {"name": "adam", "learning_rate": {**_RATES}},
        {"name": "adam", "learning_rate": {**_RATES}, "ayla": {"n1": 1.0, "n2": {"low": 0.5, "high": 1.5}}},
    ],
    "search": {"design": "sobol", "settings": 64, "seed": 7, "share": ["learning_rate"]},
}

JOB_EXAMPLES: dict[str, Any] = {
    "comparison": {"summary": "Adam with and without AYLA on a quartic with a saddle", "value": _SADDLE},
    "simplest": {"summary": "One optimizer on an expression of your own", "value": _SIMPLEST},
    "vector": {"summary": "Rosenbrock's function in four dimensions, with momentum and a schedule", "value": _VECTOR},
    "random": {"summary": "A function from random starts, with noise in the gradient", "value": _RANDOM},
    "dataset": {"summary": "A small network on handwritten digits, in mini-batches", "value": _DIGITS},
    "grid": {"summary": "A grid of AYLA's exponents, beside Adam at twenty learning rates", "value": _GRID},
    "sobol": {"summary": "Sobol points of two arms, with the same learning rates in both", "value": _SOBOL},
    "preset": {"summary": "An experiment of the paper as it stands", "value": _PRESET},
}

_LONGER = {"name": "longer", "tags": None, "budget": {"steps": 2000}}

BULK_EXAMPLE: dict[str, Any] = {"two": {"summary": "Two jobs", "value": {"jobs": [_SIMPLEST, _SADDLE]}}}

CLONE_EXAMPLES: dict[str, Any] = {
    "unchanged": {"summary": "The same again", "value": {}},
    "longer": {
        "summary": "With more steps, another name and no tags",
        "value": {"name": "longer", "tags": None, "budget": {"steps": 2000}},
    },
}
"""Changes to a job spec. The tests apply each of them."""


def _one(summary: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"plain": {"summary": summary, "value": value}}


JOB_CHANGE_EXAMPLES = _one("Another name and project", {"name": "saddle, longer", "project": "saddles", "tags": ["a"]})
MEMBER_EXAMPLES = _one(
    "A program that may have ten jobs in the queue", {"name": "nightly", "limits": {"queued_jobs": 10}}
)
MEMBER_CHANGE_EXAMPLES = _one("Twice the share, and no limit of jobs", {"weight": 2.0, "limits": {"queued_jobs": None}})
KEY_EXAMPLES = _one("A key that only reads", {"name": "dashboard", "scopes": ["read"]})
SIGN_IN_EXAMPLES = _one("With the key of a member", {"key": "ayla_Xq3bT9w0n8u2o6J5yq1aT8kYcV7mPz4dRs0LhWf3gEi"})
ROTATION_EXAMPLES = _one("The old key goes on for an hour", {"overlap_seconds": 3600})
WEBHOOK_EXAMPLES = _one("Told of jobs that failed", {"url": "https://hooks.example.com/ayla", "events": ["job.failed"]})
WEBHOOK_CHANGE_EXAMPLES = _one("Switched off", {"enabled": False})
MOVE_EXAMPLES = _one("Before all others of the same priority", {"to": "front"})
