"""ECDF over many targets, and what profiles are measured in: by brute force and by hand."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ayla_service.comparison.costs import gradients_per_step
from ayla_service.comparison.ecdf import MOST_PLACES, ecdf
from ayla_service.comparison.profile_schemas import EcdfCurve
from ayla_service.comparison.profiles import profile
from ayla_service.comparison.query import ComparisonQuery, Cost
from ayla_service.comparison.targets import TARGETS, Hits, from_easiest, spread
from ayla_service.db.session import Database
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.comparison import stored
from tests.comparison.comparing import AYLA, INF, PLAIN, problem, with_columns

rows = st.lists(st.integers(-4, 9).map(float) | st.sampled_from([INF, -INF, math.nan]), min_size=1, max_size=12)
goals = st.lists(st.integers(-5, 9).map(float), min_size=1, max_size=6)


@given(st.lists(rows, min_size=1, max_size=4), goals)
@hypothesis_settings(max_examples=80)
def test_a_target_is_hit_at_the_first_finite_value_at_or_below_it(
    chunks: list[list[float]], wanted: list[float]
) -> None:
    hits, step = Hits(0.0, goals=from_easiest(wanted)), 0
    for values in chunks:
        hits.add(np.arange(step, step + len(values), dtype=float), np.array(values))
        step += len(values)
    everything = [value for values in chunks for value in values]
    assert list(hits.all()) == [_first(everything, goal) for goal in sorted(wanted, reverse=True)]


def _first(values: Sequence[float], goal: float) -> float:
    reached = (step for step, value in enumerate(values) if math.isfinite(value) and value <= goal)
    return next((float(step) for step in reached), INF)


@pytest.mark.parametrize(
    ("first", "best", "least", "distance"),
    [
        (100.0, 0.01, None, 0.0),
        (5.0, 2.0, 1.0, 1.0),
        (-0.1, -0.95, -1.0, -1.0),
        (-0.1, -0.2415, -1.0, -1.0),  # by rounding alone the last target would be out of reach of the best value
        (100.0, 1e-6, 0.0, 0.0),
    ],
)
def test_targets_are_at_equal_factors_from_the_first_to_the_best_value(
    first: float, best: float, least: float | None, distance: float
) -> None:
    found = spread(first, best, least)
    assert found == pytest.approx(np.geomspace(first - distance, best - distance, TARGETS + 1)[1:] + distance)
    assert found[-1] >= best
    assert found[-1] == pytest.approx(best)


def test_targets_end_where_nothing_more_can_be_told_apart() -> None:
    assert spread(100.0, 0.0, None)[-1] == pytest.approx(1e-6)
    assert spread(2.0, -8.0, None)[-1] == pytest.approx(-8 + 0.01 * 10)
    for same in (3.0, 0.0, -8.0):
        assert spread(same, same, None).tolist() == [same] * TARGETS
    for first, best in ((INF, 1.0), (1.0, INF), (1e308, -1e308), (math.nan, 1.0)):
        assert spread(first, best, None).tolist() == [-INF] * TARGETS


@given(
    st.lists(st.lists(st.integers(1, 30).map(float) | st.just(INF), min_size=3, max_size=3), min_size=1, max_size=5),
    st.integers(0, 40),
)
@hypothesis_settings(max_examples=60)
def test_the_curve_is_the_share_of_all_that_were_reached_by_then(costs: list[list[float]], at: int) -> None:
    found = ecdf(np.array(costs), np.full(len(costs), 1 / len(costs)), 1.0, 40.0)
    pooled = [cost for row in costs for cost in row]
    assert _at(found, at) == pytest.approx(sum(cost <= at for cost in pooled) / len(pooled))
    assert found.reached == pytest.approx(sum(map(math.isfinite, pooled)) / len(pooled))
    assert found.area == pytest.approx(sum(_at(found, step) for step in range(40)) / 40)
    logs = [math.log(step + 1) - math.log(step) for step in range(1, 40)]
    area = sum(_at(found, step) * width for step, width in enumerate(logs, 1)) / math.log(40)
    assert found.log_area == pytest.approx(area)


def _at(curve: EcdfCurve, cost: float) -> float:
    below = [share for place, share in zip(curve.cost, curve.share, strict=True) if place <= cost]
    return below[-1] if below else 0.0


def test_a_long_curve_is_told_at_some_of_its_places() -> None:
    costs = np.arange(1.0, 20_001.0).reshape(-1, 10)
    found = ecdf(costs, np.full(2000, 1 / 2000), 1.0, 20_000.0)
    assert (found.cost[0], found.cost[-1], found.share[-1]) == (1.0, 20_000.0, 1.0)
    assert len(found.cost) == MOST_PLACES
    assert found.share == pytest.approx([cost / 20_000 for cost in found.cost])
    assert len(ecdf(costs, np.full(2000, 1 / 2000), 1.0, 20_000.0, optimizers=1000).cost) == 100


def _made() -> Any:
    made = problem({PLAIN: [1.0, 2.0], AYLA: [3.0, 4.0]}, {PLAIN: [4.0, 8.0], AYLA: [2.0, INF]})
    made.settings[AYLA].optimizer = {**made.settings[AYLA].optimizer, "ayla": {"transform_on": "sample"}}
    for setting in made.settings.values():
        steps = setting.runs.values("steps_to_target")
        alone = with_columns(setting.runs, ran_alone=True, wall_seconds=5.0)
        setting.runs = replace(alone, hits=np.column_stack([np.zeros_like(steps), steps]))
    return made


@pytest.mark.parametrize(
    ("cost", "ayla", "end"), [("steps", 1.0, 10.0), ("gradient_evaluations", 2.0, 20.0), ("seconds", 0.5, 5.0)]
)
def test_profiles_are_measured_in_what_is_asked_for(cost: Cost, ayla: float, end: float) -> None:
    found = profile([_made()], ComparisonQuery(cost=cost))
    plain, other = found.curves
    unit = 0.5 if cost == "seconds" else 1.0
    assert (found.cost, found.end, found.targets_from) == (cost, end, "first_to_best")
    assert plain.data.cost == [4 * unit, 8 * unit]
    assert other.data.cost == [2 * ayla]
    assert plain.data.steps == ([4, 8] if cost == "steps" else [])
    assert plain.ecdf == ecdf(np.array([[1, 4], [1, 8]]) * unit, np.full(2, 0.5), unit, end)
    assert other.ecdf.cost == [ayla, 2 * ayla]
    assert other.ecdf.share == [0.5, 0.75]
    assert (plain.best, other.best) == ((1.0, 0.5) if cost == "gradient_evaluations" else (0.5, 0.5))


def test_the_seconds_of_trials_that_shared_a_worker_are_refused_in_words() -> None:
    made = _made()
    made.settings[AYLA].runs = with_columns(made.settings[AYLA].runs, ran_alone=[True, False])
    found = profile([made], ComparisonQuery(cost="seconds"))
    assert (found.curves, found.end) == ([], None)
    assert found.no_curves is not None
    assert found.no_curves.startswith("Seconds are compared only where every trial ran alone: 1 of 4 did not")
    made.settings[AYLA].runs = with_columns(made.settings[AYLA].runs, ran_alone=True, wall_seconds=[5.0, 0.0])
    again = profile([made], ComparisonQuery(cost="seconds"))
    assert again.no_curves is not None
    assert "were not measured" in again.no_curves


def test_ayla_on_each_sample_evaluates_two_gradients_in_a_step() -> None:
    settings: list[dict[str, Any]] = [
        {"ayla": None},
        {},
        {"ayla": {"transform_on": "loss"}},
        {"ayla": {"transform_on": "sample"}},
    ]
    assert [gradients_per_step(one) for one in settings] == [1, 1, 1, 2]


@pytest.mark.every_store
def test_stored_losses_make_the_curve_that_counting_makes(database: Database) -> None:
    losses = {stored.PLAIN: [8.0, 4.0, 5.0, 2.0, 1.0, 1.0], stored.AYLA: [8.0, 7.0, 3.0, 3.0, 0.5, 0.125]}
    job_id = stored.new_job(database, seeds=[0], budget={"steps": 5})
    for label, values in losses.items():
        stored.end(database, job_id, label, 0, values, chunk=2)
    compared = stored.compare(database, job_id)
    found = compared.profile
    assert found is not None
    assert (found.targets, found.end) == (TARGETS, 5.0)
    targets = spread(8.0, 0.125, compared.results[0].problem.minimum)
    for curve in found.curves:
        steps = [max(1.0, _first(losses[curve.label], target)) for target in targets]
        for at in range(1, 6):
            assert _at(curve.ecdf, at) == pytest.approx(sum(step <= at for step in steps) / TARGETS)
    given = stored.compare(database, job_id, targets=(3.0, 6.0, 0.2)).profile
    assert given is not None
    assert (given.targets, given.targets_from) == (3, "request")
    assert [curve.ecdf.cost for curve in given.curves] == [[1.0, 3.0], [2.0, 5.0]]
    assert [curve.ecdf.share[-1] for curve in given.curves] == [pytest.approx(2 / 3), 1.0]


@pytest.mark.every_store
def test_targets_of_accuracies_are_reached_from_below(database: Database) -> None:
    dataset = {"type": "dataset", "dataset": {"name": "digits"}, "batch_size": 32}
    job_id = stored.new_job(database, problem=dataset, seeds=[0])
    for label, values in ((stored.PLAIN, [0.5, 0.7, 0.9]), (stored.AYLA, [0.3, 0.9, 0.99])):
        stored.end(database, job_id, label, 0, [1.0, 0.5])
        stored.add_metrics(database, job_id, label, 0, {"test_accuracy": values})
    found = stored.compare(database, job_id, metric="test_accuracy", targets=(0.4, 0.8, 0.95)).profile
    assert found is not None
    assert [curve.ecdf.cost for curve in found.curves] == [[5.0, 15.0], [10.0, 15.0]]
    assert [curve.ecdf.reached for curve in found.curves] == [pytest.approx(2 / 3), 1.0]
    spread_out = stored.compare(database, job_id, metric="test_accuracy").profile
    assert spread_out is not None
    errors = 0.6 * (0.01 / 0.6) ** (np.arange(1, TARGETS + 1) / TARGETS)
    plain = [
        next((5.0 * row for row, value in enumerate([0.5, 0.7, 0.9], 1) if 1 - value <= error + 1e-12), INF)
        for error in errors
    ]
    assert spread_out.curves[0].ecdf.reached == pytest.approx(sum(map(math.isfinite, plain)) / TARGETS)
