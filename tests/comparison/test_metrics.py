"""By what a comparison is decided: the metric of each problem, its direction, and that nothing takes its place."""

import math
from collections.abc import Sequence
from typing import Any, get_args

import numpy as np
import pytest
from ayla_service.comparison import curves
from ayla_service.comparison.answers import job_comparison, jobs_comparison
from ayla_service.comparison.metrics import METRIC_KINDS, choose_metrics, why_not
from ayla_service.comparison.query import ComparisonQuery, Metric
from ayla_service.comparison.runs import ComparedProblem
from ayla_service.comparison.schemas import ComparedOptimizer
from ayla_service.comparison.service import ComparisonResult
from ayla_service.db.session import Database
from ayla_service.errors import ComparisonTooLarge, InvalidQuery

from tests.comparison.comparing import INF, run, runs_of
from tests.comparison.stored import AYLA, PLAIN, add_metrics, compare, diverge, end, new_job

NAN = math.nan

DIGITS = {"type": "dataset", "dataset": {"name": "digits"}, "batch_size": 32}
CURVE = {"type": "dataset", "dataset": {"name": "curve"}}
UNSPLIT = {"type": "dataset", "dataset": {"name": "digits", "test_fraction": 0.0}, "batch_size": 32}
SPHERE = {"type": "expression", "expression": "a**2 + b**2", "start": {"a": 3.0, "b": 1.0}}
UNKNOWN = {"type": "expression", "expression": "a**2 + b**2 + 1", "start": {"a": 3.0, "b": 1.0}}

LUCKY = [3.0] * 5 + [1e-6] + [3.0] * 34
"""Losses of mini-batches, of which one was easy."""


def ended(database: Database, values: dict[str, Sequence[Sequence[float]]], metric: str, problem: Any = DIGITS) -> str:
    """A job of which each trial has these values of a metric by epoch; its losses are those of mini-batches."""
    job_id = new_job(database, problem=problem, seeds=list(range(len(values[PLAIN]))), budget={"steps": 39})
    for label, by_seed in values.items():
        for seed, by_epoch in enumerate(by_seed):
            end(database, job_id, label, seed, [*LUCKY[:-1], 3.0 + seed / 8])
            add_metrics(database, job_id, label, seed, {metric: by_epoch})
    return job_id


def first(found: ComparisonResult) -> tuple[ComparedOptimizer, ...]:
    return tuple(found.results[0].summaries)


def verdict_of(found: ComparisonResult) -> str:
    return job_comparison(found).pairs[0].verdict


def test_each_problem_is_judged_by_a_default_of_its_own(database: Database) -> None:
    jobs = [new_job(database, problem=problem) for problem in (DIGITS, UNSPLIT, CURVE, SPHERE)]
    for job_id, metric in zip(jobs, ("test_loss", "full_train_loss", "full_train_loss", "final_loss"), strict=True):
        answer = job_comparison(compare(database, job_id))
        assert (answer.metric, answer.more_is_better) == (metric, False)
        # With full batches the loss of each step is that on the whole training part.
        assert answer.target_metric == ("final_loss" if job_id == jobs[2] else metric)
        assert answer.mini_batches == (job_id in jobs[:2])
    several = jobs_comparison(compare(database, *jobs))
    assert (several.metric, several.more_is_better) == ("by_problem", None)
    assert [problem.metric for problem in several.problems][1:] == ["full_train_loss", "full_train_loss", "final_loss"]
    assert several.notes[1] == (
        "Each problem is judged by a metric of its own: test_loss (less is better) on mlp on digits; full_train_loss "
        "(less is better) on mlp on digits, mlp on curve; final_loss (less is better) on a**2 + b**2."
    )
    asked = jobs_comparison(compare(database, *jobs, metric="test_accuracy"))
    assert (asked.metric, asked.more_is_better) == ("test_accuracy", True)
    assert [problem.not_recorded is None for problem in asked.problems] == [True, False, False, False]


def test_batches_of_all_samples_are_no_mini_batches(database: Database) -> None:
    for size, are_mini in ((20, False), (19, True), (None, False)):
        problem = {"type": "dataset", "dataset": {"name": "curve", "samples": 20}, "batch_size": size}
        found = compare(database, new_job(database, problem=problem)).results[0].problem
        assert (found.mini_batches, found.target_metric) == (are_mini, "full_train_loss" if are_mini else "final_loss")


def test_no_metric_is_forgotten_and_those_that_a_problem_cannot_have_name_another() -> None:
    assert {*METRIC_KINDS} == {*get_args(Metric)}
    expression = ComparedProblem("x", 10, "float64", mini_batches=False)
    numbers = ComparedProblem("x", 10, "float64", mini_batches=True, parts=("full_train",))
    classes = ComparedProblem("x", 10, "float64", mini_batches=True, parts=("test", "full_train"), has_classes=True)
    impossible = {
        metric: [None if (why := why_not(one, metric)) is None else why.rpartition(" ")[2] for one in problems]
        for problems in [(expression, numbers, classes)]
        for metric in METRIC_KINDS
    }
    assert impossible == {
        "test_loss": ["final_loss", "full_train_loss", None],
        "test_accuracy": ["final_loss", "full_train_loss", None],
        "full_train_loss": ["final_loss", None, None],
        "full_train_accuracy": ["final_loss", "full_train_loss", None],
        "final_loss": [None, "full_train_loss", "test_loss"],
        "best_loss": [None, "full_train_loss", "test_loss"],
        "area_under_curve": [None, None, None],
        "gap": ["final_loss", "full_train_loss", "test_loss"],
        "steps_to_target": [None, "full_train_loss", "test_loss"],
        "epochs_to_target": ["steps_to_target", "full_train_loss", "test_loss"],
    }
    choose_metrics([numbers, classes], ComparisonQuery("steps_to_target", 1.0))
    assert [why_not(one, "steps_to_target") for one in (numbers, classes)] == [None, None]


def test_less_is_better_of_every_value_of_a_run_and_diverged_is_the_worst() -> None:
    ended = runs_of([run(1.0, whole_parts={"test_accuracy": 0.75, "full_train_loss": INF})], minimum=-2.0)
    values = {metric: ended.values(metric)[0] for metric in get_args(Metric)}
    assert values["test_accuracy"] == -0.75
    assert (values["gap"], values["full_train_loss"]) == (3.0, INF)
    assert np.isnan(values["test_loss"])
    diverged = runs_of([run(INF, whole_parts={"test_accuracy": 0.75})])
    assert [diverged.values(metric)[0] for metric in ("test_accuracy", "test_loss", "final_loss")] == [INF] * 3
    batches = runs_of([run(1.0)], mini_batches=True, minimum=0.0)
    assert all(np.isnan(batches.values(metric)[0]) for metric in ("final_loss", "best_loss", "gap"))


@pytest.mark.every_store
def test_accuracies_are_shown_as_they_are_and_more_of_them_is_better(database: Database) -> None:
    ours, base = [[0.5, 0.9 + seed / 100] for seed in range(7)], [[0.99, 0.8 + seed / 100] for seed in range(7)]
    job_id = ended(database, {AYLA: ours, PLAIN: base}, "test_accuracy")
    found = compare(database, job_id, metric="test_accuracy")
    plain, with_ayla = first(found)
    assert with_ayla.value is not None
    assert with_ayla.value == with_ayla.test_accuracy
    assert (with_ayla.value.min, with_ayla.value.max, with_ayla.value.more_is_better) == (0.9, 0.96, True)
    assert (plain.test_loss, plain.not_recorded) == (None, 0)
    pair = job_comparison(found).pairs[0]
    assert (pair.wins, pair.outcome) == (7, "better")
    assert pair.interval is not None
    assert pair.interval.low == pytest.approx(0.1)
    assert pair.median_difference == pytest.approx(0.1)
    assert pair.verdict.startswith(
        "with AYLA had a higher test accuracy than plain on 7 of 7 seeds: unlikely to be chance"
    )
    assert "Median difference +0.1 (98.4 % interval +0.1 to +0.1)." in pair.verdict


def test_a_diverged_trial_is_the_worst_in_accuracies_too(database: Database) -> None:
    job_id = ended(database, {PLAIN: [[0.1]] * 3, AYLA: [[0.9], [0.9], [0.8]]}, "test_accuracy")
    for seed in (0, 1):
        diverge(database, job_id, AYLA, seed)
    found = compare(database, job_id, metric="test_accuracy")
    value = first(found)[1].value
    assert value is not None
    assert (value.median, value.max, value.finite) == (-INF, 0.8, 1)
    answer = job_comparison(found).model_dump(mode="json")["optimizers"][1]["value"]
    assert (answer["median"], answer["min"]) == (None, None)
    assert (found.results[0].tests[0].wins, found.results[0].tests[0].losses) == (1, 2)


def test_nothing_is_decided_by_a_single_mini_batch(database: Database) -> None:
    job_id = ended(database, {PLAIN: [[0.5]] * 7, AYLA: [[0.4]] * 7}, "full_train_loss")
    for metric in ("final_loss", "best_loss", "gap"):
        found = compare(database, job_id, metric=metric, minimum=0.0)
        pair = job_comparison(found).pairs[0]
        assert (pair.outcome, pair.pairs, pair.not_recorded, pair.sign_test) == ("no_statement", 0, 7, None)
        assert pair.verdict.endswith(
            "not recorded, as with mini-batches it is the loss of a single one, by which nothing is decided; ask for "
            "test_loss."
        )
        assert [one.value for one in first(found)] == [None, None]
    for target_metric in ("final_loss", "best_loss", "gap"):
        found = compare(
            database, job_id, metric="steps_to_target", target=1.0, target_metric=target_metric, minimum=0.0
        )
        assert [one.steps_to_target for one in first(found)] == [None, None]
        assert job_comparison(found).pairs[0].outcome == "no_statement"


def test_what_is_not_recorded_is_said_and_never_replaced(database: Database) -> None:
    job_id = ended(database, {PLAIN: [[0.5]] * 3, AYLA: [[0.4]] * 3}, "full_train_loss")
    answer = job_comparison(compare(database, job_id))
    assert answer.metric == "test_loss"
    assert answer.not_recorded is not None
    assert answer.not_recorded.startswith("The test loss is not recorded of any of these trials")
    assert answer.not_recorded in answer.notes
    assert answer.pairs[0].verdict == (
        "Nothing can be said of with AYLA and plain by the test loss: not recorded of both on any of 3 seeds."
    )
    add_metrics(database, job_id, PLAIN, 1, {"test_loss": [0.2]}, per_epoch=7)
    for seed in (0, 1, 2):
        add_metrics(database, job_id, AYLA, seed, {"test_loss": [0.1]}, per_epoch=7)
    found = compare(database, job_id)
    assert [(one.not_recorded, one.value is not None and one.value.values) for one in first(found)] == [(2, 1), (0, 3)]
    pair = job_comparison(found).pairs[0]
    assert (pair.count, pair.pairs, pair.not_recorded, pair.wins) == (3, 1, 2, 1)
    assert pair.verdict.endswith(" Not recorded of both on 2 of 3 seeds.")
    assert "Trials that lack the test loss, and are in no median or pair: 2." in found.notes


def test_diverging_is_no_value_of_a_metric_that_nobody_recorded(database: Database) -> None:
    """Else the median of a setting from before the metric was recorded would be that of its diverged trials."""
    job_id = ended(database, {PLAIN: [[0.5]] * 3, AYLA: [[0.4]] * 3}, "full_train_loss")
    for label in (PLAIN, AYLA):
        diverge(database, job_id, label, 1)
    found = compare(database, job_id)
    assert [(one.not_recorded, one.value) for one in first(found)] == [(3, None), (3, None)]
    assert verdict_of(found).endswith("not recorded of both on any of 3 seeds.")
    assert job_comparison(found).not_recorded is not None
    recorded = first(compare(database, job_id, metric="full_train_loss"))
    assert [one.value is not None and (one.value.values, one.value.finite) for one in recorded] == [(3, 2), (3, 2)]


@pytest.mark.every_store
def test_a_target_is_reached_at_the_first_evaluated_epoch_that_has_it(database: Database) -> None:
    ours = [[0.5, NAN, 0.92, 0.91], [0.9, 0.1, 0.1, 0.1]]
    base = [[0.1, 0.2, 0.3, 0.4], [0.5, 0.6, 0.7, 0.95]]
    job_id = ended(database, {AYLA: ours, PLAIN: base}, "test_accuracy")
    found = compare(database, job_id, metric="steps_to_target", target=0.9, target_metric="test_accuracy")
    plain, with_ayla = first(found)
    assert [
        (one.steps_to_target.min, one.steps_to_target.max) for one in (plain, with_ayla) if one.steps_to_target
    ] == [
        (20.0, INF),
        (5.0, 15.0),
    ]
    assert [
        (one.epochs_to_target.min, one.epochs_to_target.finite) for one in (plain, with_ayla) if one.epochs_to_target
    ] == [
        (4.0, 1),
        (1.0, 2),
    ]
    by_epochs = compare(database, job_id, metric="epochs_to_target", target=0.9, target_metric="test_accuracy")
    assert verdict_of(by_epochs).startswith("with AYLA took fewer epochs to the target than plain on 2 of 2 seeds")
    with_accuracy = compare(database, job_id, metric="test_accuracy", target=0.9)
    assert job_comparison(with_accuracy).target_metric == "test_accuracy"
    assert first(with_accuracy)[1].steps_to_target == with_ayla.steps_to_target


def test_seeds_that_missed_a_target_and_those_without_a_record_are_told_apart(database: Database) -> None:
    job_id = new_job(database, problem=DIGITS, seeds=[0, 1, 2])
    for label in (AYLA, PLAIN):
        for seed in (0, 1, 2):
            end(database, job_id, label, seed, [*LUCKY, 2.0 + seed])
        add_metrics(database, job_id, label, 0, {"test_loss": [0.5, 0.4]})
    found = compare(database, job_id, metric="steps_to_target", target=0.3)
    assert verdict_of(found) == (
        "Neither with AYLA nor plain reached the target on 1 of 3 seeds: nothing can be said. Not recorded of both on "
        "2 of 3 seeds."
    )
    assert [(one.value.finite, one.value.values, one.not_recorded) for one in first(found) if one.value] == [
        (0, 1, 2)
    ] * 2


def test_of_expressions_a_target_is_reached_at_a_step_and_there_are_no_epochs(database: Database) -> None:
    job_id = new_job(database, problem=SPHERE, seeds=[0])
    end(database, job_id, PLAIN, 0, [9.0, 4.0, 1.0, 2.0])
    end(database, job_id, AYLA, 0, [9.0, 8.0, 7.0, 1.5])
    found = compare(database, job_id, metric="epochs_to_target", target=1.5)
    assert [one.steps_to_target.median for one in first(found) if one.steps_to_target] == [2.0, 3.0]
    assert verdict_of(found).endswith("an expression has no epochs; ask for steps_to_target.")
    full_batch = new_job(database, problem=CURVE, seeds=[0])
    end(database, full_batch, PLAIN, 0, [9.0, 4.0, 1.0, 2.0])
    query = {"metric": "epochs_to_target", "target": 1.5, "target_metric": "final_loss"}
    reached = first(compare(database, full_batch, **query))[0].epochs_to_target
    assert reached is not None
    assert reached.median == 2.0


def test_gaps_are_to_the_known_minimum_and_their_differences_are_powers_of_ten(database: Database) -> None:
    job_id = new_job(database, problem=SPHERE, seeds=[0, 1])
    for seed, gap in enumerate((1e-6, 1e-8)):
        end(database, job_id, PLAIN, seed, [10.0, 1e3 * gap])
        end(database, job_id, AYLA, seed, [10.0, gap])
    found = compare(database, job_id, metric="gap")
    assert first(found)[1].value == first(found)[1].gap
    assert job_comparison(found).minimum == 0.0
    assert found.results[0].tests[0].median_difference == pytest.approx(-3.0)
    assert verdict_of(found).startswith("with AYLA came closer to the known minimum than plain on 2 of 2 seeds")
    assert "Median difference -3 powers of ten" in verdict_of(found)
    assert first(compare(database, job_id))[0].gap == first(found)[0].gap, (
        "judged by the final loss it is shown as well"
    )
    steps = compare(database, job_id, metric="steps_to_target", target=1e-6, target_metric="gap")
    assert [one.steps_to_target.finite for one in first(steps) if one.steps_to_target] == [0, 2]
    unknown = new_job(database, problem=UNKNOWN, seeds=[0])
    for label in (PLAIN, AYLA):
        end(database, unknown, label, 0, [10.0, 1.5])
    assert "give it as 'minimum', or ask for final_loss" in verdict_of(compare(database, unknown, metric="gap"))
    given = first(compare(database, unknown, metric="gap", minimum=1.0))[0].gap
    assert given is not None
    assert given.median == 0.5
    with pytest.raises(InvalidQuery) as refused:
        compare(database, unknown, job_id, metric="gap", minimum=1.0)
    assert [(issue.pointer, "2 problems" in issue.detail) for issue in refused.value.issues] == [("/minimum", True)]


def test_the_area_under_losses_of_mini_batches_takes_many_of_them(database: Database) -> None:
    job_id = ended(database, {PLAIN: [[0.5]], AYLA: [[0.4]]}, "test_loss")
    assert all(one.area_under_curve is not None for one in first(compare(database, job_id)))
    few = new_job(database, problem=DIGITS, seeds=[0])
    for label in (PLAIN, AYLA):
        end(database, few, label, 0, LUCKY[: curves.LEAST_BATCHES - 1])
    found = compare(database, few, metric="area_under_curve")
    assert [one.value for one in first(found)] == [None, None]
    assert job_comparison(found).not_recorded is not None


def test_profiles_of_models_are_over_their_evaluated_epochs(database: Database) -> None:
    ours, base = [[2.0, 1.0, 0.0]], [[2.0, 0.01, 0.005]]
    job_id = ended(database, {AYLA: ours, PLAIN: base}, "test_loss")
    found = compare(database, job_id).profile
    assert found is not None
    assert [(curve.label, curve.data.steps) for curve in found.curves] == [(PLAIN, [10]), (AYLA, [15])]
    never = compare(
        database, ended(database, {AYLA: ours, PLAIN: base}, "full_train_loss", DIGITS | {"batch_size": 64})
    )
    assert never.profile is not None
    assert never.profile.no_curves is not None
    assert "record of its way" in never.profile.no_curves


def test_the_goal_near_the_best_value_is_one_for_all_optimizers(database: Database) -> None:
    """99 % of the way from 5.05, the middle of the first values: who begins at 10 has no easier goal than the other."""
    ours, base = [[0.1, 0.06, 0.0]], [[10.0, 0.09, 0.08]]
    found = compare(database, ended(database, {AYLA: ours, PLAIN: base}, "test_loss")).profile
    assert found is not None
    assert [(curve.label, curve.data.steps) for curve in found.curves] == [(PLAIN, []), (AYLA, [15])]


def test_who_diverges_at_once_takes_no_target_away_from_the_others(database: Database) -> None:
    job_id = ended(database, {AYLA: [[2.0, 1.0, 0.5]], PLAIN: [[NAN]]}, "test_loss")
    diverge(database, job_id, PLAIN, 0)
    found = compare(database, job_id).profile
    assert found is not None
    assert [(curve.label, curve.solved, curve.ecdf.reached) for curve in found.curves] == [
        (PLAIN, 0.0, 0.0),
        (AYLA, 1.0, 1.0),
    ]


def test_metrics_too_many_to_read_are_refused_only_where_they_are_needed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = ended(database, {AYLA: [[2.0, 1.0]], PLAIN: [[2.0, 0.5]]}, "test_loss")
    monkeypatch.setattr(curves, "MAX_METRIC_ROWS", 3)
    found = compare(database, job_id)
    assert (found.profile, found.results[0].tests[0].losses) == (None, 1)
    assert found.notes[-1] == (
        "4 rows of metrics are too many to read, so there are no steps to targets or profiles; at most 3 rows of "
        "metrics, of such trials 1 are."
    )
    with pytest.raises(ComparisonTooLarge, match="Compare by test_loss without a target"):
        compare(database, job_id, target=0.5)
    of_losses = compare(database, job_id, target=0.5, target_metric="final_loss")
    assert of_losses.results[0].problem.target_metric == "final_loss"


def test_problems_that_are_judged_by_several_metrics_are_paired_by_which_did_better(database: Database) -> None:
    digits = ended(database, {AYLA: [[0.5]], PLAIN: [[1.5]]}, "test_loss")
    expressions = [new_job(database, problem=SPHERE, budget={"steps": steps}, seeds=[0]) for steps in (10, 11)]
    for job_id, ours in zip(expressions, (1.0, 3.0), strict=True):
        end(database, job_id, PLAIN, 0, [9.0, 2.0])
        end(database, job_id, AYLA, 0, [9.0, ours])
    answer = jobs_comparison(compare(database, digits, *expressions))
    (pair,) = answer.pairs
    assert (pair.wins, pair.losses) == (2, 1)
    assert pair.median_difference == pytest.approx(-1 / 3)
    assert pair.verdict.startswith("with AYLA did better than plain on 2 of 3 problems")
