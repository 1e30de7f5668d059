"""Performance profiles and data profiles, by hand."""

import pytest
from ayla_service.comparison.profile_schemas import DataCurve, PerformanceCurve, ProfileCurves
from ayla_service.comparison.profiles import profile
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.comparison.comparing import AYLA, INF, PLAIN, problem, run, setting

DIFFERENT = [1.0, 2.0, 3.0, 4.0]


def curves(*problems: object) -> dict[str, ProfileCurves]:
    return {curve.label: curve for curve in profile(problems).curves}  # type: ignore[arg-type]


def test_a_profile_is_the_share_solved_within_a_factor_of_the_fastest() -> None:
    found = curves(
        problem(
            {PLAIN: DIFFERENT, AYLA: DIFFERENT},
            {PLAIN: [10.0, 40.0, 30.0, INF], AYLA: [20.0, 20.0, INF, INF]},
        )
    )
    assert (found[PLAIN].best, found[PLAIN].solved) == (0.5, 0.75)
    assert (found[AYLA].best, found[AYLA].solved) == (0.25, 0.5)
    assert found[PLAIN].performance == PerformanceCurve(tau=[1.0, 2.0], share=[0.5, 0.75])
    assert found[AYLA].performance == PerformanceCurve(tau=[1.0, 2.0], share=[0.25, 0.5])
    assert found[PLAIN].data == DataCurve(steps=[10, 30, 40], cost=[10, 30, 40], share=[0.25, 0.5, 0.75])
    assert found[AYLA].data == DataCurve(steps=[20], cost=[20], share=[0.5])


def test_every_problem_weighs_the_same_and_copies_count_once() -> None:
    ten_seeds = problem({PLAIN: [1.0] * 10, AYLA: [2.0] * 10}, {PLAIN: [5.0] * 10, AYLA: [9.0] * 10})
    two_seeds = problem({PLAIN: [1.0, 2.0], AYLA: [3.0, 4.0]}, {PLAIN: [8.0, 8.0], AYLA: [4.0, 16.0]})
    found = profile([ten_seeds, two_seeds])
    assert found.instances == 3
    assert [(curve.label, curve.best) for curve in found.curves] == [(PLAIN, 0.75), (AYLA, 0.25)]


def test_a_start_at_the_goal_counts_as_one_step() -> None:
    found = curves(problem({PLAIN: [1.0], AYLA: [1.5]}, {PLAIN: [0.0], AYLA: [0.0]}))
    assert found[PLAIN].performance == found[AYLA].performance == PerformanceCurve(tau=[1.0], share=[1.0])


def test_only_seeds_that_every_optimizer_has_are_compared() -> None:
    made = problem({PLAIN: [1.0, 2.0, 3.0]}, {PLAIN: [5.0, 6.0, 7.0]})
    made.settings[AYLA] = setting(AYLA, [run(1.0, 2, steps=7.0)])
    assert profile([made]).instances == 1


@pytest.mark.parametrize(
    ("problems", "left_out", "reason"),
    [
        ([problem({PLAIN: [1.0]}), problem({AYLA: [1.0]})], [PLAIN, AYLA], "have a result on every problem"),
        ([problem({PLAIN: [1.0], AYLA: []})], [AYLA], "have a result on every problem"),
        ([], [], "have a result on every problem"),
    ],
)
def test_too_few_common_optimizers_have_no_profile(problems: list[object], left_out: list[str], reason: str) -> None:
    found = profile(problems)  # type: ignore[arg-type]
    assert (found.instances, found.curves, found.left_out) == (0, [], left_out)
    assert found.no_curves is not None
    assert reason in found.no_curves


def test_without_a_common_seed_there_is_no_profile() -> None:
    made = problem({PLAIN: [1.0]})
    made.settings[AYLA] = setting(AYLA, [run(1.0, 5)])
    assert profile([made]).no_curves == (
        "On no problem is there a seed with a result of every optimizer and a record of its way to the goal."
    )


@given(st.lists(st.tuples(*[st.integers(1, 50).map(float) | st.just(INF)] * 2), min_size=1, max_size=8))
@hypothesis_settings(max_examples=40)
def test_profiles_only_grow_and_somebody_is_always_the_fastest(steps: list[tuple[float, float]]) -> None:
    different = [float(seed) for seed in range(len(steps))]
    values = {PLAIN: [plain for plain, _ in steps], AYLA: [ayla for _, ayla in steps]}
    found = curves(problem({PLAIN: different, AYLA: different}, values))
    solvable = sum(min(pair) < INF for pair in steps) / len(steps)
    assert found[PLAIN].best + found[AYLA].best >= solvable - 1e-9
    for curve in found.values():
        for places, share in (
            (curve.performance.tau, curve.performance.share),
            (curve.data.steps, curve.data.share),
        ):
            assert places == sorted(set(places))
            assert share == sorted(share)
            assert (share or [0.0])[-1] == curve.solved
