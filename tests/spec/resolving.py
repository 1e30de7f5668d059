"""Specs to be resolved, and what is wrong with them."""

from typing import Any

import pytest
from ayla_spec import JobSpec, ResolvedJobSpec, SpecError, resolve

from tests.factories import spec

DATASET = {"type": "dataset", "dataset": {"name": "digits"}, "model": {"name": "linear"}, "batch_size": 32}
WHOLE = DATASET | {"batch_size": None}
CURVE = {"type": "dataset", "dataset": {"name": "curve"}}
WITHOUT_TEST = {"type": "dataset", "dataset": {"name": "regression", "samples": 8, "test_fraction": 0.05}}
FILE: dict[str, Any] = {"type": "dataset", "dataset": {"name": "file", "file": "a.csv"}, "batch_size": 8}


def sgd(**settings: Any) -> list[dict[str, Any]]:
    """One SGD with these settings."""
    return [{"name": "sgd", "learning_rate": 0.1, **settings}]


def vector(x: list[float]) -> dict[str, Any]:
    """A sum of squares that starts from this vector."""
    return {"type": "expression", "expression": "sum(x[i]**2 for i in range(len(x)))", "start": {"x": x}}


def resolve_spec(**changes: Any) -> ResolvedJobSpec:
    """The spec of the tests with these changes, resolved."""
    return resolve(JobSpec.model_validate(spec(**changes)))


def issues_of(**changes: Any) -> dict[str, str]:
    """What is wrong with the spec after these changes: details by pointer."""
    with pytest.raises(SpecError) as caught:
        resolve_spec(**changes)
    return {issue.pointer: issue.detail for issue in caught.value.issues}
