"""Who beat whom, how sure that is, and what is said about it."""

import math
from dataclasses import replace
from random import Random

import pytest
from ayla_service.comparison.paired_tests import PairedTest, run_tests
from ayla_service.comparison.pairs import Match, matches, over_problems, over_seeds
from ayla_service.comparison.query import ComparisonQuery
from ayla_service.comparison.runs import ComparedProblem
from ayla_service.comparison.schemas import ConfidenceInterval
from ayla_service.comparison.significance import signed_rank
from ayla_service.comparison.summaries import summarize
from ayla_service.comparison.verdicts import verdict
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.comparison.comparing import AYLA, INF, PLAIN, problem, run, setting, with_columns

MATCH = Match(AYLA, PLAIN, is_ayla=True)
FINAL = ComparisonQuery()

losses = st.integers(0, 5).map(float) | st.just(INF)
pairs_of_losses = st.lists(st.tuples(losses, losses), min_size=2, max_size=9)


def seed_test(made: ComparedProblem, query: ComparisonQuery = FINAL, match: Match = MATCH) -> PairedTest:
    return run_tests([over_seeds(made, match, query.metric)], "seed", query)[0]


def said(made: ComparedProblem, query: ComparisonQuery = FINAL) -> str:
    return verdict(seed_test(made, query), query)


def test_ayla_is_matched_with_what_it_is_built_on_and_everything_with_the_baseline() -> None:
    made = problem({PLAIN: [1.0], AYLA: [1.0], "Adam": [1.0]})
    assert matches([made], None) == [MATCH]
    with_adam = [MATCH, Match(PLAIN, "Adam", is_ayla=False), Match(AYLA, "Adam", is_ayla=False)]
    assert sorted(matches([made], "Adam"), key=str) == sorted(with_adam, key=str)
    assert matches([made], PLAIN) == [MATCH, Match("Adam", PLAIN, is_ayla=False)]
    assert matches([problem({AYLA: [1.0], "Adam": [1.0]})], None) == []


def test_wins_losses_ties_and_diverged_trials_by_hand() -> None:
    made = problem({AYLA: [1.0, 5.0, 2.0, INF, 3.0, INF], PLAIN: [2.0, 4.0, 2.0, 9.0, INF, INF]})
    test = seed_test(made)
    assert (test.wins, test.losses, test.ties, test.pairs) == (2, 2, 2, 6)
    assert test.superiority == 0.5
    assert over_seeds(made, MATCH, "final_loss").differences == [-1.0, 1.0, 0.0, INF, -INF]
    assert test.median_difference == 0.0
    assert test.no_interval == "fewer than 6 pairs cannot carry one of 95 %"


def test_only_seeds_that_both_have_make_pairs() -> None:
    made = problem({PLAIN: [2.0, 3.0]})
    made.settings[AYLA] = setting(AYLA, [run(1.0, 1), run(1.5, 2)])
    test = seed_test(made)
    assert (test.count, test.wins) == (1, 1)


def test_a_clear_win_is_called_unlikely_to_be_chance() -> None:
    made = problem({AYLA: [0.02 * seed for seed in range(8)], PLAIN: [1.25 + 0.04 * seed for seed in range(8)]})
    found = said(made)
    start = "AYLA-SGD ended lower than SGD on 8 of 8 seeds: unlikely to be chance (exact sign test, p = 0.0078)."
    assert found.startswith(f"{start} Median difference -1.32 (99.2 % interval ")
    assert seed_test(made).outcome(0.95) == "better"
    assert seed_test(made).outcome(0.999) == "undecided"


@given(pairs_of_losses)
@hypothesis_settings(max_examples=40)
def test_swapping_the_settings_swaps_wins_and_signs(values: list[tuple[float, float]]) -> None:
    made = problem({AYLA: [ours for ours, _ in values], PLAIN: [base for _, base in values]})
    test, swapped = seed_test(made), seed_test(made, match=Match(PLAIN, AYLA, is_ayla=False))
    assert (test.wins, test.losses, test.ties) == (swapped.losses, swapped.wins, swapped.ties)
    assert test.sign_p == swapped.sign_p
    if test.rank is not None and swapped.rank is not None:
        assert test.rank.p_value == pytest.approx(swapped.rank.p_value)
    if test.median_difference is not None and swapped.median_difference is not None:
        both = (test.median_difference, -swapped.median_difference)
        assert both[0] == both[1] or all(math.isnan(value) for value in both)


@given(pairs_of_losses, st.randoms(use_true_random=False))
@hypothesis_settings(max_examples=40)
def test_which_seed_is_which_changes_nothing(values: list[tuple[float, float]], random: Random) -> None:
    other = list(values)
    random.shuffle(other)
    first, second = (
        seed_test(problem({AYLA: [ours for ours, _ in some], PLAIN: [base for _, base in some]}))
        for some in (values, other)
    )
    assert repr(first) == repr(second)


def test_many_tests_are_corrected_for_and_said_to_be() -> None:
    made = problem({AYLA: [0.0] * 6 + [1.0], PLAIN: [1.0] * 7, "Adam": [0.5] * 6 + [0.75]})
    query = ComparisonQuery(baseline=PLAIN)
    found = [over_seeds(made, match, "final_loss") for match in matches([made], PLAIN)]
    tests = run_tests(found, "seed", query)
    assert [test.sign_p for test in tests] == [2 / 64, 2 / 128]
    assert [test.adjusted_sign_p for test in tests] == [2 / 64, 4 / 128]
    assert [test.family for test in tests] == [2, 2]
    assert [test.outcome(0.975) for test in tests] == ["undecided", "undecided"]
    assert [test.outcome(0.95) for test in tests] == ["better", "better"]
    swapped = run_tests([over_seeds(made, Match(PLAIN, "Adam", is_ayla=False), "final_loss")], "seed", query)
    assert swapped[0].outcome(0.95) == "worse"
    assert "6 of 7 seeds, 1 tied: unlikely to be chance (exact sign test, p = 0.031; 0.031 after Holm's" in verdict(
        tests[0], query
    )


def test_who_did_worse_is_told_so() -> None:
    assert said(problem({AYLA: [2.0, 3.0, 4.0], PLAIN: [1.0, 1.5, 1.75]})) == (
        "AYLA-SGD ended higher than SGD on 3 of 3 seeds: cannot be decided (exact sign test, p = 0.25; with 3 seeds "
        "the lowest possible is 0.25, 6 seeds would do). "
        "Median difference +1.5 (no interval: fewer than 6 pairs cannot carry one of 95 %)."
    )


def test_one_pair_that_is_not_tied_is_one_seed() -> None:
    words = said(problem({AYLA: [1.0, 2.0], PLAIN: [1.0, 3.0]}))
    assert "with 1 seed that is not tied the lowest possible is 1, 6 such seeds would do" in words


def test_how_many_seeds_would_decide_is_said_where_these_cannot() -> None:
    """Seven seeds of eight comparisons: the clearest of them could not have come below 8 / 64."""
    made = problem({PLAIN: [1.0] * 7, **{f"arm {arm}": [0.0] * 6 + [2.0] for arm in range(8)}})
    found = [over_seeds(made, match, "final_loss") for match in matches([made], PLAIN)]
    query = ComparisonQuery(baseline=PLAIN)
    tests = run_tests(found, "seed", query)
    assert len(tests) == 8
    said_of_each = {verdict(test, query).partition("seeds: ")[2].partition(" Median")[0] for test in tests}
    (same,) = said_of_each
    assert same == (
        "cannot be decided (exact sign test, p = 0.12; 1 after Holm's correction for the 8 tests over seeds of this "
        "answer; with 7 seeds and 8 undecided tests the lowest possible is 0.12, 9 seeds would do)."
    )
    assert {test.family_name for test in tests} == {"the 8 tests over seeds of this answer"}
    assert [tests[0].lowest_p(pairs) < 0.05 for pairs in (8, 9)] == [False, True]


def test_tests_that_are_decided_leave_less_to_correct_for() -> None:
    made = problem({PLAIN: [1.0] * 8, "clear": [0.01 * seed for seed in range(8)], "not": [0.0] * 5 + [1.0] * 3})
    query = ComparisonQuery(baseline=PLAIN)
    tests = run_tests([over_seeds(made, match, "final_loss") for match in matches([made], PLAIN)], "seed", query)
    assert {test.match.label: (test.outcome(0.95), test.decidable_from(0.95)) for test in tests} == {
        "clear": ("better", None),
        "not": ("undecided", 6),
    }
    few = "with 5 seeds that are not tied the lowest possible is 0.062, 6 such seeds would do"
    assert few in verdict(tests[1], query)


def test_one_seed_says_nothing_about_how_sure_it_is() -> None:
    made = problem({AYLA: [1.0], PLAIN: [2.0]})
    assert said(made) == "AYLA-SGD ended lower than SGD. One seed says nothing about how sure this is."
    test = seed_test(made)
    assert (test.sign_p, test.rank, test.outcome(0.95), test.wins) == (None, None, "no_statement", 1)


def test_seeds_that_make_no_difference_are_copies_of_one_run() -> None:
    made = problem({AYLA: [1.0] * 20, PLAIN: [2.0] * 20})
    test = seed_test(made)
    assert (test.count, test.pairs, test.sign_p, test.outcome(0.95)) == (20, 1, None, "no_statement")
    assert said(made) == (
        "AYLA-SGD ended lower than SGD. The seeds make no difference here: nothing random in this problem. The "
        "20 seeds are copies of one run and count as one."
    )
    summary = summarize(made, made.settings[AYLA], FINAL)
    assert (summary.seeds, summary.runs) == (20, 1)
    assert summary.final_loss is not None
    assert (summary.final_loss.values, summary.final_loss.interval) == (1, None)


def test_equal_losses_reached_in_different_ways_are_no_copies() -> None:
    made = problem({PLAIN: [2.0] * 6})
    made.settings[AYLA] = setting(AYLA, [run(0.0, seed, best_step=seed) for seed in range(6)])
    assert seed_test(made).pairs == 6


def test_trials_that_all_diverged_at_once_are_no_copies_and_tie() -> None:
    test = seed_test(problem({AYLA: [INF] * 3, PLAIN: [INF] * 3}))
    assert (test.pairs, test.ties, test.sign_p, test.median_difference) == (3, 3, 1.0, None)


def test_a_median_difference_that_is_not_finite_is_told_in_words() -> None:
    made = problem({AYLA: [INF, INF, INF, 0.5], PLAIN: [1.0, 2.0, 3.0, 4.0]})
    assert said(made).endswith(
        "Median difference not finite: too often one of the two alone diverged or did not get there."
    )


def test_gaps_without_a_logarithm_are_infinitely_far_apart_in_the_direction_of_the_win() -> None:
    """Converged runs end at 0 or, by rounding, below: the tests must still see who won."""
    ours, base = [-3e-16, 0.0, -1e-16, 0.0, 1e-9, 0.0], [0.0, -3e-16, -2e-16, 1e-9, 0.0, 0.0]
    made = problem({AYLA: ours, PLAIN: base})
    made.minimum, made.metric = 0.0, "gap"
    for one in made.settings.values():
        one.runs = replace(one.runs, minimum=0.0)
    found = over_seeds(made, MATCH)
    assert found.differences == [-INF, INF, INF, -INF, INF, 0.0]
    test = seed_test(made, ComparisonQuery("gap"))
    assert (test.wins, test.losses, test.ties) == (2, 3, 1)
    assert test.rank == signed_rank([-1.0, 1.0, 1.0, -1.0, 1.0])
    made.settings[PLAIN].runs = made.settings[PLAIN].runs.on(range(5))
    assert said(made, ComparisonQuery("gap")).endswith(
        "Median difference not finite: too often one of the two alone diverged, or came down to the known minimum."
    )


def test_accuracies_that_differ_by_as_many_samples_tie_in_rank() -> None:
    """The differences are 1, -1, 1, 1 and 2 samples of 359; in floats those of one sample have two sizes."""
    counts = [(341, 340), (333, 334), (347, 346), (319, 318), (345, 343)]
    made = problem({AYLA: [1.0] * 5, PLAIN: [1.0] * 5})
    made.metric, made.parts, made.has_classes = "test_accuracy", ("test", "full_train"), True
    for side, label in enumerate((AYLA, PLAIN)):
        values = [pair[side] / 359 for pair in counts]
        one = made.settings[label]
        one.runs = with_columns(one.runs, final_loss=one.runs.seeds, test_accuracy=values)
    assert len({abs(ours / 359 - base / 359) for ours, base in counts}) == 3
    test = seed_test(made, ComparisonQuery("test_accuracy"))
    assert test.rank == signed_rank([-1.0, 1.0, -1.0, -1.0, -2.0])
    assert test.median_difference == pytest.approx(1 / 359)
    made.settings[AYLA].runs = made.settings[PLAIN].runs
    assert "Median difference +0 (" in said(made, ComparisonQuery("test_accuracy"))


def test_without_a_seed_in_common_nothing_is_said() -> None:
    made = problem({PLAIN: [1.0]})
    made.settings[AYLA] = setting(AYLA, [run(1.0, 5)])
    assert said(made) == "No seed has a result of both AYLA-SGD and SGD: nothing can be said."
    assert seed_test(made).superiority is None


def test_every_metric_is_measured_and_worded_as_its_own() -> None:
    made = problem({AYLA: [2.0, 2.5], PLAIN: [1.0, 1.5]}, {AYLA: [3.0, INF], PLAIN: [4.0, 7.0]})
    query = ComparisonQuery("steps_to_target", target=0.1)
    test = seed_test(made, query)
    assert (test.wins, test.losses) == (1, 1)
    assert said(made, query).startswith(
        "AYLA-SGD took fewer steps to the target than SGD on 1 of 2 seeds, the other way round on as many:"
    )
    assert said(made, ComparisonQuery("area_under_curve")).startswith(
        "AYLA-SGD had a larger area under its curve than SGD"
    )
    assert said(made, ComparisonQuery("best_loss")).startswith(
        "AYLA-SGD had a higher best loss than SGD on 2 of 2 seeds"
    )


def test_two_that_both_missed_the_target_are_no_pair() -> None:
    losses = {AYLA: [0.1, 0.2, 0.3, 0.4], PLAIN: [0.5, 0.6, 0.7, 0.8]}
    made = problem(losses, {AYLA: [2.0, INF, INF, 3.0], PLAIN: [4.0, INF, 5.0, INF]})
    query = ComparisonQuery("steps_to_target", target=0.1)
    test = seed_test(made, query)
    assert (test.count, test.pairs, test.unreached, test.wins, test.losses, test.ties) == (4, 3, 1, 2, 1, 0)
    assert "on 2 of 3 seeds: cannot be decided" in said(made, query)
    assert said(made, query).endswith(" Neither reached the target on 1 of 4 seeds.")
    assert seed_test(made).pairs == 4, "a final loss is known of all"
    nobody = problem({AYLA: [0.1 * seed for seed in range(12)], PLAIN: [0.2 * seed for seed in range(12)]})
    assert seed_test(nobody, query).outcome(0.95) == "no_statement"
    assert said(nobody, query) == (
        "Neither AYLA-SGD nor SGD reached the target on any of 12 seeds: nothing can be said."
    )


def test_a_problem_of_which_most_seeds_missed_the_target_is_censored() -> None:
    """Its median is infinite, whatever the seeds that reached it say."""
    query = ComparisonQuery("steps_to_target", target=0.1)
    mostly_missed = problem(
        {AYLA: [0.1, 0.2, 0.3], PLAIN: [0.4, 0.5, 0.6]}, {AYLA: [INF, INF, 1.0], PLAIN: [INF, INF, 2.0]}
    )
    reached = problem({AYLA: [0.1], PLAIN: [0.2]}, {AYLA: [1.0], PLAIN: [3.0]})
    found = over_problems([mostly_missed, reached], MATCH, "steps_to_target")
    assert (found.count, found.values, found.unreached) == (2, [(1.0, 3.0)], 1)
    test = run_tests([found], "problem", query)[0]
    assert verdict(test, query).endswith("Neither reached the target on 1 of 2 problems.")


def test_over_problems_a_pair_is_a_problem_and_its_difference_relative() -> None:
    problems = [
        problem({AYLA: [1.0, 2.0, 3.0], PLAIN: [6.0, 2.0, 7.0]}),
        problem({AYLA: [1e9], PLAIN: [3e9]}),
        problem({AYLA: [INF, INF, 1.0], PLAIN: [5.0, 5.5, 5.0]}),
        problem({AYLA: [0.0], PLAIN: [0.0]}),
        problem({AYLA: [2.0], PLAIN: [INF]}),
        problem({AYLA: [INF], PLAIN: [INF]}),
        problem({PLAIN: [1.0]}),
    ]
    found = over_problems(problems, MATCH, "final_loss")
    assert found.values == [(2.0, 6.0), (1e9, 3e9), (INF, 5.0), (0.0, 0.0), (2.0, INF), (INF, INF)]
    assert found.differences == [-0.5, -0.5, 1.0, 0.0, -1.0]
    test = run_tests([found], "problem", FINAL)[0]
    assert (test.count, test.wins, test.losses, test.ties) == (6, 3, 1, 2)
    assert "on 3 of 6 problems, 2 tied" in verdict(test, FINAL)
    assert "Median relative difference" in verdict(test, FINAL)


def test_a_summary_counts_what_diverged_and_what_is_left_out() -> None:
    made = setting(PLAIN, [run(loss, seed) for seed, loss in enumerate([1.0, 2.0, INF])])
    made.unfinished = 2
    summary = summarize(problem({}), made, FINAL)
    assert (summary.seeds, summary.runs, summary.diverged, summary.unfinished) == (3, 3, 1, 2)
    assert summary.final_loss is not None
    assert (summary.final_loss.median, summary.final_loss.max, summary.final_loss.finite) == (2.0, INF, 2)
    assert (summary.wall_seconds, summary.steps_per_second) == (2.0, 5.0)
    assert summary.steps_to_target is None


def test_time_is_that_of_trials_that_completed_and_speed_that_of_all_that_were_timed() -> None:
    runs = [run(1.0, 0), run(INF, 1, wall_seconds=0.5, steps_done=5), run(3.0, 2, wall_seconds=0.0)]
    summary = summarize(problem({}), setting(PLAIN, runs), FINAL)
    assert (summary.wall_seconds, summary.steps_per_second) == (2.0, 7.5)


def test_a_setting_without_a_result_has_no_numbers() -> None:
    summary = summarize(problem({}), setting(PLAIN, []), ComparisonQuery(target=1.0))
    assert (summary.seeds, summary.final_loss, summary.area_under_curve, summary.wall_seconds) == (0, None, None, None)
    assert summary.steps_to_target is None


def test_holms_correction_spans_all_outcomes_that_can_be_tested() -> None:
    single, several = problem({AYLA: [1.0], PLAIN: [2.0]}), problem({AYLA: [1.0, 2.0], PLAIN: [2.0, 5.0]})
    tests = run_tests([over_seeds(made, MATCH, "final_loss") for made in (single, several, several)], "seed", FINAL)
    assert [test.family for test in tests] == [0, 2, 2]
    assert [test.adjusted_sign_p for test in tests] == [None, 1.0, 1.0]


def test_differences_too_large_for_a_float_are_infinite_and_do_no_harm() -> None:
    made = problem({AYLA: [-1.7e308 - seed * 1e305 for seed in range(6)], PLAIN: [1.7e308] * 6})
    test = seed_test(made)
    assert (test.median_difference, test.interval, test.wins) == (
        -INF,
        ConfidenceInterval.of(-INF, -INF, 1 - 2 / 2**6),
        6,
    )
    assert over_problems([made], MATCH, "final_loss").differences == [-1.0]
    assert summarize(made, made.settings[PLAIN], FINAL).final_loss is not None
