"""Comparisons out of the store: scoping, matching by label and problem, trajectories in chunks, limits."""

import math
from typing import Any

import numpy as np
import pytest
from ayla_service.comparison import curves, loading
from ayla_service.db.session import Database
from ayla_service.errors import ComparisonTooLarge, InvalidQuery, JobNotFound
from ayla_service.states import TrialState

from tests.comparison.comparing import INF
from tests.comparison.stored import AYLA, PLAIN, compare, end, new_job, optimizers
from tests.factories import stranger, submit, submit_as

pytestmark = pytest.mark.every_store


def test_courses_are_read_across_chunks(database: Database) -> None:
    job_id = new_job(database)
    curve = [8.0, 4.0, 2.0, 1.0, 0.5, 0.25, 0.75]
    for chunk, seed in ((1, 0), (3, 1)):
        end(database, job_id, PLAIN, seed, curve, chunk)
        end(database, job_id, AYLA, seed, [loss / 2 for loss in curve], 100)
    summary = compare(database, job_id, target=0.5).results[0].summaries[0]
    assert summary.area_under_curve is not None
    assert summary.steps_to_target is not None
    assert (summary.area_under_curve.median, summary.steps_to_target.median) == (np.trapezoid(curve), 4.0)
    never = compare(database, job_id, target=0.2).results[0].summaries
    assert [spread.finite for one in never if (spread := one.steps_to_target)] == [0, 1]


def test_a_diverged_trial_has_reached_what_it_reached_and_no_area(database: Database) -> None:
    job_id = new_job(database, seeds=[0])
    end(database, job_id, PLAIN, 0, [4.0, 1.0, 9.0, INF], 2)
    end(database, job_id, AYLA, 0, [4.0, -INF, math.nan], 2)
    plain, ayla = compare(database, job_id, target=1.0).results[0].summaries
    assert (plain.diverged, ayla.diverged) == (1, 1)
    for summary, steps in ((plain, 1.0), (ayla, INF)):
        assert summary.steps_to_target is not None
        assert summary.area_under_curve is not None
        assert summary.final_loss is not None
        assert summary.steps_to_target.median == steps
        assert (summary.area_under_curve.median, summary.final_loss.median) == (INF, INF)


def test_a_trial_whose_parameters_diverged_has_no_area_either(database: Database) -> None:
    job_id = new_job(database, seeds=[0])
    end(database, job_id, PLAIN, 0, [4.0, 1.0], state=TrialState.DIVERGED, final_loss=None)
    summary = compare(database, job_id).results[0].summaries[0]
    assert summary.area_under_curve is not None
    assert summary.area_under_curve.median == INF


def test_without_ayla_a_baseline_is_asked_for(database: Database) -> None:
    job_id = new_job(database, optimizers=[{**optimizers()[0], "label": name} for name in ("one", "other")])
    assert compare(database, job_id).notes[-1].endswith("name a baseline to have tests.")
    with_baseline = compare(database, job_id, baseline="one")
    assert [test.match.label for test in with_baseline.results[0].tests] == ["other"]
    assert not with_baseline.notes[-1].endswith("name a baseline to have tests.")


def test_without_a_target_the_goal_is_near_the_lowest_loss_of_each_seed(database: Database) -> None:
    job_id = new_job(database)
    for seed, scale in ((0, 1.0), (1, 1000.0)):
        end(database, job_id, PLAIN, seed, [scale * loss for loss in (10.0, 5.0, 1.0, 0.2)])
        end(database, job_id, AYLA, seed, [scale * loss for loss in (10.0, 0.1, 0.0, 0.0)])
    found = compare(database, job_id).profile
    assert found is not None
    assert [curve.data.steps for curve in found.curves] == [[], [1]]
    assert found.instances == 2


def test_trials_without_a_result_are_left_out_and_counted(database: Database) -> None:
    job_id = new_job(database)
    nothing = compare(database, job_id)
    assert nothing.notes[0].startswith("No trial has ended with a result")
    assert [(one.seeds, one.unfinished) for one in nothing.results[0].summaries] == [(0, 2), (0, 2)]
    assert nothing.results[0].tests[0].count == 0
    assert nothing.profile is not None
    assert nothing.profile.curves == []
    end(database, job_id, PLAIN, 1, [2.0, 1.0])
    assert [(one.seeds, one.unfinished) for one in compare(database, job_id).results[0].summaries] == [(1, 1), (0, 2)]


def test_jobs_of_one_problem_are_taken_together_and_repeated_trials_left_out(database: Database) -> None:
    first, second = new_job(database), new_job(database, seeds=[1, 2])
    for job_id, seeds, loss in ((first, (0, 1), 1.0), (second, (1, 2), 5.0)):
        for seed in seeds:
            end(database, job_id, PLAIN, seed, [9.0, loss + seed])
    found = compare(database, first, second)
    assert [job.problem for job in found.jobs] == [0, 0]
    summary = found.results[0].summaries[0]
    assert summary.final_loss is not None
    assert (summary.seeds, summary.final_loss.min, summary.final_loss.median) == (3, 1.0, 2.0)
    assert found.notes[-1].endswith("the same setting and seed on the same problem: 1.")
    assert found.tests == []


@pytest.mark.parametrize(
    ("drawn", "title"),
    [
        ({"start": {"x": {"uniform": [-1.0, 3.0]}}}, "x**2 (random start)"),
        ({"start": {"x": 1.0}, "noise": 0.25}, "x**2 (noise 0.25)"),
        ({"start": {"x": [{"normal": [0.0, 1.0]}]}, "noise": 1e-05}, "x[0]**2 (random start, noise 1e-05)"),
        ({"start": {"x": 1.0}}, "x**2"),
    ],
)
def test_seeds_that_decide_start_or_noise_are_runs_of_their_own(
    database: Database, drawn: dict[str, Any], title: str
) -> None:
    """Even where all end alike: from anywhere, sgd with 0.5 is at the minimum of x² after one step."""
    problem = {"type": "expression", "expression": title.partition(" ")[0], **drawn}
    job_id = new_job(database, problem=problem, seeds=[3, 4, 5])
    for label in (PLAIN, AYLA):
        for seed in (3, 4, 5):
            end(database, job_id, label, seed, [1.0, 0.0])
    [found] = compare(database, job_id).results
    assert found.problem.title == title
    random = title != "x**2"
    assert [one.runs for one in found.summaries] == [3 if random else 1] * 2
    assert [one.pairs for one in found.tests] == [3 if random else 1]


def test_different_problems_are_kept_apart_and_tested_as_pairs_of_problems(database: Database) -> None:
    jobs = [new_job(database, budget={"steps": steps}, seeds=[0]) for steps in (10, 11, 12)]
    for place, job_id in enumerate(jobs):
        end(database, job_id, PLAIN, 0, [9.0, 3.0 + place])
        end(database, job_id, AYLA, 0, [9.0, 1.0 + place])
    found = compare(database, *jobs)
    assert [job.problem for job in found.jobs] == [0, 1, 2]
    assert [(test.unit, test.count, test.wins) for test in found.tests] == [("problem", 3, 3)]
    assert [result.tests[0].unit for result in found.results] == ["seed"] * 3
    assert found.profile is not None
    assert [(curve.label, curve.best) for curve in found.profile.curves] == [(PLAIN, 0.0), (AYLA, 1.0)]


def test_jobs_without_a_common_label_are_a_clear_answer(database: Database) -> None:
    first = new_job(database, seeds=[0])
    second = submit(database, budget={"steps": 20}, optimizers=[{"name": "adam", "learning_rate": 0.1}]).id
    end(database, first, PLAIN, 0, [2.0, 1.0])
    end(database, second, "Adam lr=0.1", 0, [2.0, 1.0])
    found = compare(database, first, second)
    assert found.profile is not None
    assert found.profile.no_curves == "Fewer than two optimizers have a result on every problem."
    assert found.profile.left_out == [PLAIN, AYLA, "Adam lr=0.1"]
    assert [test.count for test in found.tests] == [0]


def test_a_label_that_stands_for_different_settings_is_pointed_out(database: Database) -> None:
    first, second = new_job(database), new_job(database, optimizers=optimizers(0.5), seeds=[2])
    found = compare(database, first, second)
    assert [one.varies for one in found.results[0].summaries] == [True, True]
    assert "Some labels stand for different settings in different jobs." in found.notes
    elsewhere = new_job(database, optimizers=optimizers(0.5), budget={"steps": 99})
    assert "Some labels stand for different settings in different jobs." in compare(database, first, elsewhere).notes


def test_jobs_of_another_team_do_not_exist(database: Database) -> None:
    mine, theirs = new_job(database), submit_as(database, stranger(database)).id
    for job_ids in ([theirs], [mine, theirs], ["no id"], ["\x00" * 36]):
        with pytest.raises(JobNotFound):
            compare(database, *job_ids)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [({"metric": "steps_to_target"}, "/target"), ({"baseline": "Adam"}, "/baseline")],
)
def test_a_query_that_does_not_fit_is_refused(database: Database, query: dict[str, Any], parameter: str) -> None:
    with pytest.raises(InvalidQuery) as refused:
        compare(database, new_job(database), **query)
    assert [issue.pointer for issue in refused.value.issues] == [parameter]


def test_a_job_of_thousands_of_trials_is_compared(database: Database) -> None:
    many = submit(database, seeds=list(range(1000)), optimizers=[*optimizers(), {**optimizers()[0], "label": "again"}])
    assert [one.unfinished for one in compare(database, many.id).results[0].summaries] == [1000] * 3


def test_more_trials_than_are_compared_at_once_are_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "MOST_TRIALS", 7)
    first, second = new_job(database), new_job(database)
    compare(database, first)
    with pytest.raises(
        ComparisonTooLarge, match="8 trials are too many for one comparison, which takes at most 7 trials"
    ):
        compare(database, first, second)


@pytest.mark.parametrize(("limit", "most"), [("MAX_ROWS", 10), ("MAX_BYTES", -1)])
def test_trajectories_too_long_to_read_leave_the_losses(
    database: Database, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    job_id = new_job(database)
    end(database, job_id, PLAIN, 0, [float(loss) for loss in range(20, 0, -1)])
    monkeypatch.setattr(curves, limit, most)
    found = compare(database, job_id)
    summary = found.results[0].summaries[0]
    assert (summary.final_loss is not None, summary.area_under_curve, found.profile) == (True, None, None)
    assert "too many to read" in found.notes[-1]
    for query in ({"metric": "area_under_curve"}, {"target": 1.0}):
        with pytest.raises(ComparisonTooLarge):
            compare(database, job_id, **query)
