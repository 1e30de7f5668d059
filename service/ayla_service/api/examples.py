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

JOB_EXAMPLES: dict[str, Any] = {
    "comparison": {"summary": "Adam with and without AYLA on a quartic with a saddle", "value": _SADDLE},
    "simplest": {"summary": "One optimizer on an expression of your own", "value": _SIMPLEST},
    "preset": {"summary": "An experiment of the paper as it stands", "value": _PRESET},
}
