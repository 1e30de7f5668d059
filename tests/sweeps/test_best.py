"""The best setting: by its value over the seeds, with ties, divergence and missing seeds told."""

import math

import pytest
from ayla_service.sweeps.best import best_settings
from ayla_service.sweeps.table import table_of

from tests.sweeps.columns import N1, N2, RATE, grid, table, trials

INF, NAN = math.inf, math.nan


def test_the_lowest_median_wins_and_diverged_seeds_count_as_the_worst() -> None:
    values: list[list[float]] = [[1, 1, INF], [0, INF, INF], [2, 2, 2], [0, 3, 0.5]]
    (best,) = best_settings(table(trials(values, {RATE: [1, 2, 3, 4]})), per_arm=True)
    assert (best.place, best.settings, best.diverged) == (3, 4, 1)
    assert best.at_ends == {RATE: "highest"}


@pytest.mark.parametrize(("rule", "place"), [("median", 0), ("mean", 1), ("worst", 2)])
def test_over_the_seeds_by_the_rule_asked_for(rule: str, place: int) -> None:
    values = [[0, 0, 30], [1, 1, 6], [4, 5, 5]]
    (best,) = best_settings(table_of([trials(values, {RATE: [1, 2, 3]})], rule), per_arm=True)  # type: ignore[arg-type]
    assert best.place == place


def test_ties_are_told_and_the_first_is_named() -> None:
    (best,) = best_settings(table(trials([[1]] * 13 + [[2]], {RATE: range(14)})), per_arm=True)
    assert (best.place, best.tied_total, best.tied) == (0, 12, tuple(range(1, 11)))


def test_the_values_of_many_settings_are_told_at_evenly_spaced_ranks() -> None:
    values = [[float(place)] for place in range(1000, 0, -1)] + [[INF]]
    (best,) = best_settings(table(trials(values, {RATE: range(1001)})), per_arm=True)
    assert best.values.tolist() == [*range(1, 1001, 10), INF]


def test_a_setting_without_all_its_seeds_is_left_out_and_counted() -> None:
    ended = [[True, True], [True, False], [False, False]]
    (best,) = best_settings(table(trials([[2, 2], [0, NAN], [NAN, NAN]], {RATE: [1, 2, 3]}, ended=ended)), per_arm=True)
    assert (best.place, best.settings, best.partial, best.waiting) == (0, 1, 1, 1)


def test_where_everything_diverged_there_is_no_best() -> None:
    (best,) = best_settings(table(trials([[INF], [INF]], {RATE: [1, 2]})), per_arm=True)
    assert (best.place, best.settings, best.diverged) == (None, 2, 2)


def test_each_arm_has_its_best_or_all_have_one() -> None:
    found = table(trials([[3], [1], [2], [5]], {RATE: [1, 2, 1, 2]}, arms=["sgd", "adam"], arm_of=[0, 0, 1, 1]))
    assert [best.place for best in best_settings(found, per_arm=True)] == [1, 2]
    (best,) = best_settings(found, per_arm=False)
    assert (best.place, best.arm, best.settings) == (1, 0, 4)


def test_settings_that_differ_in_an_exponent_without_effect_are_one() -> None:
    columns = grid({N1: [0.5, 1.0, 1.5], N2: [0.5, 1.0, 1.5, 2.0]})
    values = [[n1] for n1 in columns[N1]]
    (best,) = best_settings(table(trials(values, columns, below=10, above=0)), per_arm=True)
    assert (best.settings, best.different, best.tied_total) == (12, 3, 3)
    (unknown,) = best_settings(table(trials(values, columns)), per_arm=True)
    assert unknown.different == 12


def test_arms_of_one_name_in_two_jobs_are_one_arm() -> None:
    first = trials([[3], [4]], {RATE: [1, 2]}, job_id="first")
    second = trials([[2, 2], [5, 5]], {RATE: [3, 4], N1: [1, 1]}, job_id="second", seeds=[7, 8])
    found = table(first, second)
    (best,) = best_settings(found, per_arm=True)
    assert (best.place, best.settings) == (2, 4)
    assert found.jobs[found.job[2]] == "second"
    assert (found.number[2], found.seeds, list(found.planned)) == (0, 3, [1, 1, 2, 2])
