"""Settings whose exponents had no effect, and copies: what is claimed, and of what nothing is."""

from typing import Any

import pytest
from ayla_service.comparison.effects import copies, notes_on_effects
from ayla_service.comparison.matched_tests import seed_tests
from ayla_service.comparison.paired_tests import PairedTest
from ayla_service.comparison.pairs import matches
from ayla_service.comparison.query import TOO_LONG, ComparisonQuery
from ayla_service.comparison.runs import ComparedProblem, ComparedSetting
from ayla_service.comparison.summaries import summarize
from ayla_service.comparison.verdicts import verdict
from ayla_service.computing_time import ComputingTime
from ayla_spec.optimizers.effect import LossCounts

from tests.comparison.comparing import run, runs_of

BELOW, BOTH = LossCounts(10, 0), LossCounts(6, 4)


def setting(
    label: str, ayla: dict[str, Any] | None, *loss_counts: LossCounts | None, **changes: Any
) -> ComparedSetting:
    """A setting with a run for each of the counts, by seed from 0."""
    optimizer = {"name": "sgd", "learning_rate": 0.1, "label": label, "ayla": ayla}
    runs = runs_of(run(1.0, seed, loss_counts=one) for seed, one in enumerate(loss_counts))
    return ComparedSetting(label, optimizer, runs=runs, **changes)


def problem(*settings: ComparedSetting) -> ComparedProblem:
    made = ComparedProblem("x**2", 10, "float64", mini_batches=False)
    made.settings = {one.label: one for one in settings}
    return made


def notes(made: ComparedProblem) -> list[str]:
    first = copies(made)
    return list(
        notes_on_effects(
            [summarize(made, one, ComparisonQuery(), first.get(label)) for label, one in made.settings.items()]
        )
    )


A, B = {"n1": 1.2, "n2": 1.5}, {"n1": 1.2, "n2": 0.5}
NOTHING: dict[str, list[ComparedSetting]] = {
    "it acted on one seed": [setting("a", A, BELOW, BOTH), setting("b", B, BELOW, BOTH)],
    "one trial is older": [setting("a", A, BELOW, None), setting("b", B, BELOW, None)],
    "all trials are older": [setting("a", A, None), setting("b", B, None)],
    "no trial has ended": [setting("a", A), setting("b", B)],
    "a trial has no result": [setting("a", A, BELOW, unfinished=1), setting("b", B, BELOW, unfinished=1)],
    "the label has several settings": [setting("a", A, BELOW, varies=True), setting("b", B, BELOW, varies=True)],
    "there is no AYLA": [setting("a", None, BELOW)],
}


@pytest.mark.parametrize("case", NOTHING)
def test_nothing_is_claimed_where(case: str) -> None:
    made = problem(*NOTHING[case])
    assert copies(made) == {}
    assert notes(made) == []


def test_settings_with_other_seeds_are_not_called_copies() -> None:
    made = problem(setting("a", A, BELOW, BELOW), setting("b", B, BELOW))
    assert copies(made) == {}
    assert notes(made) == ["a and b: N2 had no effect, as the loss was above 1 in size on no step."]


def test_copies_name_the_first_of_them() -> None:
    plain, identity = setting("plain", None, BOTH), setting("identity", {"n1": 1.0, "n2": 1.0}, BOTH)
    other = setting("other", A, BOTH)
    made = problem(plain, setting("a", A, BELOW), setting("b", B, BELOW), other, identity)
    assert copies(made) == {"b": "a", "identity": "plain"}
    assert notes(made)[1] == (
        "2 of 5 optimizers are copies of another one, as they differ only in exponents that had no effect: "
        "(a and b), (plain and identity)."
    )


def seed_tests_of(made: ComparedProblem, **query: Any) -> dict[str, PairedTest]:
    """The tests of a problem, as a comparison has them, by label."""
    asked = ComparisonQuery(**query)
    found = seed_tests([made], [copies(made)], [matches([made], asked.baseline)], asked, ComputingTime(TOO_LONG))
    return {test.match.label: test for test in found[0]}


def acting(label: str, ayla: dict[str, Any] | None, losses: list[float], counts: LossCounts) -> ComparedSetting:
    one = setting(label, ayla, *[counts] * len(losses))
    one.runs = runs_of(run(loss, seed, loss_counts=counts) for seed, loss in enumerate(losses))
    return one


def test_copies_do_not_enlarge_the_family_of_tests() -> None:
    """Two settings of AYLA with one course are one test, and AYLA that changed nothing is none."""
    worse, better = [1.0 + seed for seed in range(7)], [0.5 + seed for seed in range(7)]
    made = problem(
        acting("plain", None, worse, BELOW),
        acting("a", A, better, BELOW),
        acting("b", B, better, BELOW),
        acting("idle", {"n1": 1.0, "n2": 1.5}, worse, BELOW),
        acting("other", {"n1": 0.7, "n2": 1.0}, [*better[:-1], 99.0], BELOW),
    )
    found = seed_tests_of(made)
    assert {label: test.family for label, test in found.items()} == {"a": 2, "b": 2, "idle": 0, "other": 2}
    assert found["a"].adjusted_sign_p == found["b"].adjusted_sign_p == 2 * 2 / 2**7
    assert found["other"].adjusted_sign_p == pytest.approx(2 * 8 / 2**7)
    assert found["other"].open == 1
    query = ComparisonQuery()
    assert found["idle"].outcome(query.confidence) == "no_statement"
    assert verdict(found["idle"], query) == (
        "idle and plain took the same course, as they differ only in exponents that had no effect: they count as one, "
        "and there is nothing to test."
    )


def test_a_large_grid_is_told_in_a_few_lines() -> None:
    grid = [
        setting(f"{n1} {n2}", {"n1": 1 + n1 / 10, "n2": 1 + n2 / 10}, BELOW) for n1 in range(20) for n2 in range(20)
    ]
    told = notes(problem(*grid))
    assert len(told) == 3
    assert told[-1].startswith("380 of 400 optimizers are copies of another one")
    assert "(0 0, 0 1, 0 2 and 17 more), (1 0, " in told[-1]
    assert told[-1].endswith("(4 0, 4 1, 4 2 and 17 more), and 15 more groups, of which 'copy_of' tells.")
    assert max(map(len, told)) < 500
