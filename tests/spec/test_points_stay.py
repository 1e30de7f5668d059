"""The points of some designs, as they were when the fixture was written.

Grids and orders must never change: what jobs have computed is looked up by them. Random and Sobol points are stored
with each job, so a change is no fault; but it is one that users see, as the same spec gives other settings from then
on. Then say so in the changelog and write the fixture anew: ``python -m tests.spec.test_points_stay``.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from ayla_spec import JobSpec, resolve
from ayla_spec.design import plan_points
from ayla_spec.space import Space

FIXTURE = Path(__file__).parent / "points.json"

RATES = {"low": 1e-4, "high": 0.1, "scale": "log"}
DECAY = {"low": 0.9, "high": 0.999, "scale": "reverse-log"}
WARM_UP = {"low": 1, "high": 40}
VALUES = {"values": [0.5, 1.0, 1.5]}

DESIGNS: dict[str, dict[str, Any]] = {
    "grid": {},
    "shuffled": {"order": "shuffled", "seed": 3},
    "random": {"design": "random", "settings": 8, "seed": 3, "share": ["learning_rate"]},
    "sobol": {"design": "sobol", "settings": 8, "seed": 3, "share": ["learning_rate"]},
}


def points(name: str) -> list[dict[str, list[str]]]:
    """The columns of each arm, every number with all its bits."""
    counted = {"count": 3} if name in ("grid", "shuffled") else {}
    arm = {
        "name": "adam",
        "learning_rate": RATES | counted,
        "beta2": DECAY | counted,
        "schedule": {"name": "constant", "warmup_steps": WARM_UP | counted},
        "ayla": {"n1": VALUES},
    }
    plain = {"name": "sgd", "learning_rate": RATES | counted}
    problem = {"type": "expression", "expression": "x**2", "start": {"x": 1.0}}
    job = {"problem": problem, "optimizers": [arm, plain], "budget": {"steps": 100}, "search": DESIGNS[name]}
    spec = resolve(JobSpec.model_validate(job))
    space = Space.of(spec, plan_points(spec))
    return [
        {path: [value.hex() for value in column.tolist()] for path, column in columns.items()}
        for columns in (space.columns(arm.entry, 0, min(arm.settings, 12)) for arm in space.arms)
    ]


@pytest.mark.parametrize("name", DESIGNS)
def test_points_are_those_of_the_fixture(name: str) -> None:
    assert points(name) == json.loads(FIXTURE.read_text())[name]


if __name__ == "__main__":
    FIXTURE.write_text(json.dumps({name: points(name) for name in DESIGNS}, indent=1) + "\n")
