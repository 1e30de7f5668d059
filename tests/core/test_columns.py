"""Settings as columns: the same numbers, to the bit, as with an object for each trial."""

import numpy as np
import pytest
from ayla_core.optimizers import every_rule
from ayla_core.trial_settings import TrialSettings, distinct
from ayla_spec.batch import TrialBatch
from hypothesis import given
from hypothesis import strategies as st

from tests.core.batches import QUARTIC, ROSENBROCK, assert_same, every_trial, job, run
from tests.core.columns import folded
from tests.core.optimizers.cases import SETTINGS
from tests.core.test_kernels import CLASSES, network

SCHEDULES = [
    None,
    {"name": "constant", "warmup_steps": 5},
    {"name": "step", "every": 7, "factor": 0.3},
    {"name": "step", "every": 5, "factor": 0.6, "warmup_steps": 3},
    {"name": "cosine", "final_factor": 0.1},
    {"name": "cosine", "final_factor": 0.2, "warmup_steps": 4},
    {"name": "linear", "steps": 20, "warmup_steps": 2},
    {"name": "linear", "steps": 11},
]
AYLAS = [None, {"n1": 0.8, "n2": 1.2}, {"n1": 1.1, "n2": 0.9, "max_scale": 2.0}, {"n1": 0.9, "max_scale": 0.7}]


def swept() -> list[dict[str, object]]:
    """Settings that differ in every number that they have."""
    found = []
    for place, settings in enumerate(SETTINGS.values()):
        for number in range(3):
            fields = settings.model_dump(exclude_none=True)
            moved = {
                name: value * (1 - 0.01 * number)
                for name, value in fields.items()
                if isinstance(value, float) and not (name.startswith("beta") and value > 0.95)
            }
            if "beta2" in fields:
                moved["beta2"] = 0.9 + 0.01 * number
            if "momentum" in fields and not fields.get("nesterov"):
                moved["momentum"] = [0.0, 0.3, fields["momentum"]][number]
            more = {"schedule": SCHEDULES[(place + number) % 8], "ayla": AYLAS[(place + number) % 4]}
            clip = {"clip_norm": 0.5 + number, "clip_value": 0.3 + number} if place % 3 == number else {}
            found.append(fields | moved | more | clip)
    return found


JOBS = {
    "expression": job(ROSENBROCK, swept()[:99], 40, seeds=[0, 3]),
    "single": job(QUARTIC, swept()[:99], 40, dtype="float32"),
    "network": job(network(CLASSES), swept()[:99], 20, seeds=[5]),
}


def test_every_rule_is_among_them() -> None:
    taken = {part.rule.name for spec in JOBS.values() for part in TrialSettings(every_trial(spec)).parts}
    assert taken == {rule.name for rule in every_rule()}


@pytest.mark.parametrize("name", JOBS)
def test_columns_give_the_same_bits_as_objects(way: str, name: str) -> None:
    spec = JOBS[name]
    batch = folded(every_trial(spec))
    assert len(batch.templates) < len(spec.optimizers)
    assert_same(run(spec), run(spec, batch, [1, 4, 11]))


def test_some_of_the_trials_give_the_same_bits(way: str) -> None:
    spec = JOBS["expression"]
    whole, chosen = run(spec), np.arange(1, 150, 7)
    part = run(spec, folded(every_trial(spec)).take(chosen))
    assert [*part.outcomes] == chosen.tolist()
    for index in chosen.tolist():
        assert part.outcomes[index] == whole.outcomes[index]


def test_a_start_of_its_own_is_that_of_a_job_that_begins_there(way: str) -> None:
    batch = every_trial(spec := job(ROSENBROCK, [{"name": "adam", "learning_rate": 0.01}], 30, seeds=[1, 2]))
    moved = TrialBatch(
        problem=batch.problem,
        indices=batch.indices,
        templates=batch.templates,
        arms=batch.arms,
        seeds=batch.seeds,
        columns={"problem.start.y": np.array([np.nan, 0.25])},
    )
    other = job(ROSENBROCK | {"start": {"x": -1.2, "y": 0.25}}, [{"name": "adam", "learning_rate": 0.01}], 30)
    found = run(spec, moved)
    np.testing.assert_array_equal(found.trajectories[0]["loss"], run(spec).trajectories[0]["loss"])
    np.testing.assert_array_equal(found.trajectories[1]["loss"], run(other).trajectories[0]["loss"])


@given(st.lists(st.tuples(st.sampled_from([0.0, 1.0, 2.5]), st.sampled_from([1.0, 3.0])), min_size=1, max_size=30))
def test_distinct_rows_are_found(rows: list[tuple[float, float]]) -> None:
    columns = {str(place): np.array(column) for place, column in enumerate(zip(*rows, strict=True))}
    first, which = distinct(columns, len(rows))
    assert len(first) == len(set(rows))
    assert [rows[first[place]] for place in which] == rows


@pytest.mark.parametrize("name", JOBS)
def test_where_no_trajectory_is_kept_outcomes_are_the_same(way: str, name: str) -> None:
    spec = JOBS[name]
    kept = run(spec)
    quiet = run(spec.model_copy(update={"record": spec.record.model_copy(update={"trajectories": "none"})}), blocks=[7])
    assert (quiet.trajectories, quiet.metrics) == ({}, {})
    assert quiet.outcomes == kept.outcomes
    assert kept.trajectories
