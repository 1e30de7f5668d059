"""Shards of a job, cut by what its trials cost."""

from itertools import pairwise
from typing import Any

import pytest
from ayla_spec import JobSpec, resolve
from ayla_spec.design import plan_points
from ayla_spec.limits import MAX_SHARDS, PARAMETERS_PER_SHARD, SECONDS_PER_SHARD, TRIALS_PER_SHARD
from ayla_spec.shards import ShardPlan, most_trials, plan_shards
from ayla_spec.space import Space
from hypothesis import given
from hypothesis import strategies as st

POLYNOMIAL = {"type": "expression", "expression": "x**4 - 3*x**3 + 2", "start": {"x": -1.0}}
NETWORK = {"type": "dataset", "dataset": {"name": "digits"}, "model": {"name": "mlp", "hidden": [16]}, "batch_size": 32}


def space_of(**fields: Any) -> Space:
    job = {"problem": POLYNOMIAL, "optimizers": [{"name": "adam", "learning_rate": 0.1}], "budget": {"steps": 800}}
    spec = resolve(JobSpec.model_validate(job | fields))
    return Space.of(spec, plan_points(spec))


def grid(first: int, second: int) -> list[dict[str, Any]]:
    n1, n2 = ({"low": 0.5, "high": 2.0, "count": count} for count in (first, second))
    return [{"name": "adam", "learning_rate": 0.01, "ayla": {"n1": n1, "n2": n2}}]


def covered(shards: list[ShardPlan], trials: int) -> bool:
    """Whether they hold every trial once and in order."""
    ends = [(shard.first, shard.first + shard.trials) for shard in shards]
    return all(one[1] == other[0] for one, other in pairwise(ends)) and (ends[0][0], ends[-1][1]) == (0, trials)


def test_two_trials_are_one_shard_and_a_million_are_tens() -> None:
    assert [shard.trials for shard in plan_shards(space_of(seeds=[0, 1]))] == [2]
    shards = plan_shards(space_of(optimizers=grid(1000, 1000)))
    assert 20 <= len(shards) <= 100
    assert covered(shards, 1_000_000)
    assert max(shard.trials for shard in shards) <= TRIALS_PER_SHARD


@given(st.integers(1, 1000), st.integers(1, 100_000), st.sampled_from(["all", "none"]))
def test_shards_hold_every_trial_once_and_are_as_equal_as_they_can_be(seeds: int, steps: int, kept: str) -> None:
    record = {"every": 10**6, "trajectories": kept}
    space = space_of(seeds=list(range(seeds)), budget={"steps": steps}, record=record)
    shards = plan_shards(space)
    assert covered(shards, seeds)
    sizes = [shard.trials for shard in shards]
    assert max(sizes) - min(sizes) <= 1


def test_costly_trials_are_cut_by_their_seconds() -> None:
    shards = plan_shards(
        space_of(problem=NETWORK, seeds=list(range(100)), budget={"steps": 50_000}, record={"every": 100})
    )
    assert 1 < len(shards) < 100
    assert all(shard.seconds < 1.2 * SECONDS_PER_SHARD for shard in shards)


def test_however_costly_its_trials_a_job_has_no_more_shards_than_the_store_handles() -> None:
    job = {"problem": NETWORK | {"batch_size": None}, "budget": {"steps": 1000}}
    shards = plan_shards(space_of(**job, optimizers=grid(1000, 1000)))
    assert len(shards) <= MAX_SHARDS


def test_a_shard_of_large_models_holds_fewer_trials() -> None:
    assert [most_trials(PARAMETERS_PER_SHARD // size) for size in (1, 8, 100)] == [1, 8, 100]
    assert most_trials(10 * PARAMETERS_PER_SHARD) == 1
    assert most_trials(1) == TRIALS_PER_SHARD


@pytest.mark.parametrize("search", [{}, {"design": "random", "settings": 60}, {"design": "sobol", "settings": 60}])
def test_shards_are_cut_where_the_problem_changes(search: dict[str, Any]) -> None:
    rates = {"low": 0.01, "high": 0.1} | ({} if search else {"count": 10})
    problem = NETWORK | {
        "batch_size": {"values": [16, 32, 64]},
        "model": {"name": "mlp", "hidden": [{"values": [4, 8]}]},
    }
    adam = {"name": "adam", "learning_rate": rates}
    fields: dict[str, Any] = {"search": search} if search else {}
    space = space_of(problem=problem, optimizers=[adam, adam], seeds=[0, 1], **fields)
    shards = plan_shards(space)
    assert covered(shards, 240)
    assert len(shards) == 12
    problems = [space.batch(shard.first, shard.trials).problem for shard in shards]
    assert all(one != other for one, other in pairwise(problems))
    costs = {(p.batch_size, *p.model.hidden): s.seconds / s.trials for p, s in zip(problems, shards, strict=True)}  # type: ignore[union-attr]
    assert costs[16, 4] < costs[64, 4] < costs[64, 8]
