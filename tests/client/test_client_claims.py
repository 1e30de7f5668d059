"""Verdicts on synthetic trajectories that reproduce a claim, partly do, and do not."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import ayla
import pytest
from ayla.reproduce import ClaimResult, Experiment, Method, MethodRun, Verdict
from ayla.reproduce.claims import OverSeeds, headline, number, signed, verdict
from ayla.reproduce.controls import RateStudy, at_an_end, best_rate, with_controls
from ayla.reproduce.curve_claims import curve_a_claims, curve_b_claims, distance_to_truth
from ayla.reproduce.polynomial_claims import adam_claims, sgd_claims, why_it_passes
from ayla.reproduce.sections import claim_items
from hypothesis import given
from hypothesis import strategies as st

from tests.client.trajectories import Columns, decay, polynomial

GOOD, PARTLY, NOT = Verdict.REPRODUCED, Verdict.PARTLY, Verdict.NOT_REPRODUCED
JOB = ayla.Job.model_validate({"id": "job", "state": "succeeded", "trials": {"total": 3}})


def run(method: Method, columns: Columns, predictions: ayla.Predictions | None = None) -> MethodRun:
    settings = None if method is Method.PLAIN else {"n1": 1.0, "n2": 1.4, "transform_on": str(method)}
    optimizer = {"name": "sgd", "learning_rate": 0.03, "ayla": settings}
    trial = ayla.Trial(
        id="trial",
        job_id="job",
        index=0,
        optimizer_index=0,
        label=str(method),
        optimizer=optimizer,
        seed=0,
        state="completed",
    )
    return MethodRun(trial, ayla.Trajectory("trial", columns), predictions or ayla.Predictions("trial", (), {}))


def experiment(name: str, **columns: Columns) -> Experiment:
    return Experiment(name, JOB, tuple(run(Method(method), values) for method, values in columns.items()))


def verdicts(claims: list[ClaimResult]) -> dict[str, Verdict]:
    return {result.id: result.verdict for result in claims}


def path(x: Sequence[float], loss: float = -6.54, transformed: float = -13.9) -> Columns:
    rows = len(x)
    return {
        "step": [*range(rows)],
        "param.x": [*x],
        "loss": [loss] * rows,
        "transformed_loss": [transformed] * rows,
    }


def held(steps: int, *points: tuple[int, float]) -> list[float]:
    """x that jumps to each value at its step and stays there."""
    values = [-1.0] * (steps + 1)
    for step, value in points:
        values[step:] = [value] * (steps + 1 - step)
    return values


def rate(learning_rate: float, name: str, n2: float | None = None) -> dict[str, Any]:
    settings = None if n2 is None else {"n1": 1.0, "n2": n2}
    return {"name": name, "learning_rate": learning_rate, "ayla": settings}


def test_the_polynomial_computed_step_by_step_reproduces_every_claim() -> None:
    """Plain Python stands in for the service here; the equations alone carry section 3.1."""
    sgd = experiment("poly-sgd", plain=polynomial(rate(0.03, "sgd"), 50), loss=polynomial(rate(0.03, "sgd", 1.4), 50))
    adam = experiment(
        "poly-adam", plain=polynomial(rate(0.01, "adam"), 800), loss=polynomial(rate(0.01, "adam", 0.57), 800)
    )

    of_sgd = verdicts(sgd_claims(sgd))
    # The paper says approximately -6 of a minimum of -6.54.
    assert of_sgd.pop("minimum-loss") is PARTLY
    assert set(of_sgd.values()) == {GOOD}
    assert set(verdicts(adam_claims(adam)).values()) == {GOOD}


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (held(50, (5, -0.06)), GOOD),
        (held(50, (5, -0.2)), PARTLY),
        (held(50, (5, -0.25), (45, -0.06)), PARTLY),
        (held(50, (5, 2.25)), NOT),
        (held(50, (5, math.nan)), NOT),
    ],
)
def test_stalling_at_the_saddle(x: list[float], expected: Verdict) -> None:
    found = sgd_claims(experiment("poly-sgd", plain=path(x), loss=path(held(50))))

    assert verdicts(found)["sgd-stalls"] is expected


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (held(50, (30, 2.25)), GOOD),
        (held(50, (10, 2.29)), GOOD),
        (held(50, (31, 2.25)), PARTLY),
        (held(50, (10, 2.25), (50, 2.4)), NOT),
        (held(50, (10, 0.0)), NOT),
        (held(20, (10, 0.0), (15, math.nan)), NOT),
    ],
)
def test_reaching_the_minimum_in_time(x: list[float], expected: Verdict) -> None:
    found = sgd_claims(experiment("poly-sgd", plain=path(held(50)), loss=path(x)))

    assert verdicts(found)["ayla-sgd-minimum"] is expected


@pytest.mark.parametrize(
    ("loss", "transformed", "expected"),
    [
        (-6.4, -13.87, (GOOD, GOOD)),
        (-6.543, -13.4, (PARTLY, PARTLY)),
        (-4.9, -9.0, (NOT, NOT)),
        (math.nan, math.nan, (NOT, NOT)),
    ],
)
def test_the_values_at_the_minimum(loss: float, transformed: float, expected: tuple[Verdict, Verdict]) -> None:
    ended = path(held(50, (1, 2.25)), loss, transformed)
    found = verdicts(sgd_claims(experiment("poly-sgd", plain=path(held(50)), loss=ended)))

    assert (found["minimum-loss"], found["minimum-transformed-loss"]) == expected


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(70, 0.0), (300, 2.6), (450, 2.25)], (GOOD, GOOD, GOOD)),
        ([(70, 0.0), (100, 0.14), (300, 2.6), (450, 2.25)], (GOOD, GOOD, GOOD)),
        ([(70, 0.0), (100, 0.16), (300, 2.6), (450, 2.1)], (PARTLY, PARTLY, NOT)),
        ([(70, 0.0), (100, 0.5)], (NOT, NOT, NOT)),
        ([(70, 0.2), (300, 2.29), (450, 2.1)], (PARTLY, NOT, NOT)),
        ([(70, 0.2), (300, 2.6), (600, 2.25)], (PARTLY, GOOD, PARTLY)),
        ([(70, 0.2), (300, 2.25)], (PARTLY, PARTLY, GOOD)),
        ([(300, 0.0)], (NOT, NOT, NOT)),
    ],
)
def test_adam_passing_the_saddle(points: list[tuple[int, float]], expected: tuple[Verdict, ...]) -> None:
    found = verdicts(adam_claims(experiment("poly-adam", plain=path(held(800)), loss=path(held(800, *points)))))

    names = ("ayla-adam-near-saddle", "ayla-adam-overshoots", "ayla-adam-minimum")
    assert tuple(found[name] for name in names) == expected
    assert found["adam-settles"] is NOT


def flat(value: float) -> Columns:
    return decay(value, 1.0)


def dip(value: float, steps: Iterable[int], trajectory: Columns) -> Columns:
    """The trajectory with another loss at these steps."""
    for step in steps:
        trajectory["loss"][step] = value
    return trajectory


def test_what_holds_at_an_epoch_leads_with_the_value_there() -> None:
    near = path(held(800, (70, 0.0), (100, 0.1012)))
    found = {item.id: item for item in adam_claims(experiment("poly-adam", plain=near, loss=near))}

    assert headline(found["ayla-adam-near-saddle"]) == "x at step 100: 0.1012"
    assert "0.15" in found["ayla-adam-near-saddle"].criterion


@pytest.mark.parametrize(
    ("adam", "ayla_end", "expected"),
    [
        (flat(0.041), flat(0.026), (GOOD, GOOD)),
        (flat(0.048), flat(0.031), (PARTLY, PARTLY)),
        (flat(0.08), flat(0.09), (NOT, NOT)),
        (flat(0.04), decay(0.025, 0.005), (GOOD, NOT)),
        (flat(0.04), dip(0.026, (150,), flat(0.031)), (GOOD, PARTLY)),
        (flat(0.08), flat(0.032), (NOT, NOT)),
        (flat(0.04), dip(0.026, (200,), flat(0.035)), (GOOD, GOOD)),
    ],
)
def test_curve_a(adam: Columns, ayla_end: Columns, expected: tuple[Verdict, Verdict]) -> None:
    found = verdicts(curve_a_claims(experiment("curve-a", plain=adam, loss=ayla_end, sample=flat(0.03))))

    assert (found["curve-a-adam"], found["curve-a-ayla-loss"]) == expected
    assert len(found) == 11


@pytest.mark.parametrize(
    ("adam", "ayla_end", "expected"),
    [
        (flat(0.1487), flat(0.034), (GOOD, GOOD)),
        (flat(0.12), flat(0.049), (PARTLY, PARTLY)),
        (flat(0.16), flat(0.05), (GOOD, NOT)),
        (decay(0.14, 0.012), flat(0.1), (PARTLY, NOT)),
        (dip(0.135, range(201), flat(0.15)), flat(0.034), (PARTLY, GOOD)),
        (dip(0.17, (300,), flat(0.15)), flat(0.034), (PARTLY, GOOD)),
        (dip(0.156, (300,), flat(0.15)), flat(0.034), (GOOD, GOOD)),
        (flat(0.04), flat(0.05), (NOT, NOT)),
    ],
)
def test_curve_b(adam: Columns, ayla_end: Columns, expected: tuple[Verdict, Verdict]) -> None:
    found = verdicts(curve_b_claims(experiment("curve-b", plain=adam, loss=flat(0.03), sample=ayla_end)))

    assert (found["curve-b-adam"], found["curve-b-ayla-sample"]) == expected


def test_a_diverged_course_reproduces_nothing_and_measures_nothing() -> None:
    short: Columns = {"step": [0, 1], "loss": [0.3, math.nan]}
    claims = curve_b_claims(experiment("curve-b", plain=short, loss=short, sample=short))

    assert set(verdicts(claims).values()) == {NOT}
    assert headline(claims[0]).endswith(": none")


@pytest.mark.parametrize(
    ("adam", "ayla_then", "expected"),
    [
        (0.2, 0.1, (GOOD, GOOD)),
        (0.2, 0.15, (GOOD, PARTLY)),
        (0.2, 0.18, (GOOD, NOT)),
        (0.2, 0.19, (PARTLY, NOT)),
        (0.2, 0.198, (NOT, NOT)),
    ],
)
def test_a_drop_is_sharper_by_a_tenth_and_a_plunge_by_half(
    adam: float, ayla_then: float, expected: tuple[Verdict, Verdict]
) -> None:
    curves = {"plain": dip(adam, (20,), flat(0.04)), "loss": dip(ayla_then, (20,), flat(0.04)), "sample": flat(0.03)}
    of_a, of_b = curve_a_claims(experiment("curve-a", **curves)), curve_b_claims(experiment("curve-b", **curves))

    assert (verdicts(of_a)["curve-a-drop-loss"], verdicts(of_b)["curve-b-plummets-loss"]) == expected


def test_fluctuations_are_the_moves_up_from_epoch_to_epoch() -> None:
    calm, rough = dip(0.05, (100,), flat(0.04)), dip(0.06, (100, 200), flat(0.04))
    found = {item.id: item for item in curve_a_claims(experiment("curve-a", plain=rough, loss=calm, sample=rough))}

    assert headline(found["curve-a-fluctuations-loss"]) == "AYLA's moves up over Adam's: 0.2500"
    assert found["curve-a-fluctuations-loss"].measured["sum of the MSE's moves up"] == pytest.approx(0.01)
    assert found["curve-a-fluctuations-loss"].measured["Adam's"] == pytest.approx(0.04)
    assert found["curve-a-fluctuations-loss"].verdict is GOOD
    assert found["curve-a-fluctuations-sample"].verdict is NOT


def fitted_with(*errors: float) -> ayla.Predictions:
    truth = [0.0] * len(errors)
    return ayla.Predictions(
        "trial", (150, 400), {"truth": truth} | dict.fromkeys(("prediction.150", "prediction.400"), errors)
    )


@pytest.mark.parametrize(
    ("errors", "expected"),
    [((0.2, 0.0, 0.2), GOOD), ((0.2, 0.0, -0.6), PARTLY), ((0.05, 0.3, -0.6), NOT), ((-0.2, 0.0, -0.2), NOT)],
)
def test_overshooting_is_above_the_true_curve_at_the_ends(errors: tuple[float, ...], expected: Verdict) -> None:
    runs = [run(method, flat(0.04), fitted_with(*errors)) for method in Method]
    found = verdicts(curve_a_claims(Experiment("curve-a", JOB, tuple(runs))))

    assert found["curve-a-extremes-loss"] is expected
    assert headline(curve_a_claims(Experiment("curve-a", JOB, tuple(runs)))[-1]).count("; ") == 1
    # The same distance is no half of it.
    assert found["curve-a-fit-loss"] is NOT


def test_both_ends_are_told_at_both_epochs_and_where_ayla_undershoots_less() -> None:
    runs = (
        run(Method.PLAIN, flat(0.04), fitted_with(0.04, -1.4)),
        run(Method.LOSS, flat(0.04), fitted_with(0.06, -0.6)),
        run(Method.SAMPLE, flat(0.04), fitted_with(0.06, -1.5)),
    )
    found = {result.id: result.note for result in curve_a_claims(Experiment("curve-a", JOB, runs))}
    told = (
        "+0.0600 at x = -1 (Adam's +0.0400) and -0.6000 at x = 3 (Adam's -1.4000). "
        "It undershoots less than Adam's at x = 3."
    )

    for epoch in (150, 400):
        assert f"At epoch {epoch} AYLA's curve is off the true one by {told}" in found["curve-a-extremes-loss"]
    assert "undershoots less" not in found["curve-a-extremes-sample"]


def test_the_papers_two_numbers_for_the_minimum_exclude_each_other() -> None:
    found = {item.id: item for item in sgd_claims(experiment("poly-sgd", plain=path(held(50)), loss=path(held(50))))}

    assert "f(2.25) is exactly -6.54296875" in found["minimum-loss"].note
    assert "a loss of -6 becomes -12.3, and -14 needs a loss of -6.59" in found["minimum-loss"].note


def test_a_fit_is_earlier_where_its_distance_is_half() -> None:
    near, far = fitted_with(0.1, 0.1), fitted_with(0.2, 0.2)
    runs = (run(Method.PLAIN, flat(0.04), far), run(Method.LOSS, flat(0.04), near), run(Method.SAMPLE, flat(0.04), far))

    assert verdicts(curve_a_claims(Experiment("curve-a", JOB, runs)))["curve-a-fit-loss"] is GOOD


def test_the_control_stands_in_for_what_a_claim_is_about() -> None:
    """SGD with 0.09 reaches the minimum as AYLA does, and does not stall as SGD with 0.03."""
    both = experiment("poly-sgd", plain=polynomial(rate(0.03, "sgd"), 50), loss=polynomial(rate(0.03, "sgd", 1.4), 50))
    tuned = run(Method.PLAIN, polynomial(rate(0.09, "sgd"), 50))
    losses = {0.03: 2.0, 0.09: -6.54}
    study = RateStudy("poly-sgd", JOB, losses, losses, tuned, ())
    found = {item.id: item.control for item in with_controls(sgd_claims(both), both, sgd_claims, study)}
    stalls, reaches = found["sgd-stalls"], found["ayla-sgd-minimum"]

    assert found["minimum-loss"] is None
    assert stalls is not None
    assert stalls.verdict is NOT
    assert stalls.value == pytest.approx(2.25, abs=1e-4)
    assert reaches is not None
    assert (reaches.verdict, reaches.label) == (GOOD, "plain")


def of_curve_b(seed: int, adam: Columns) -> Experiment:
    made = experiment("curve-b", plain=adam, loss=flat(0.03), sample=flat(0.03))
    runs = [replace(one, trial=one.trial.model_copy(update={"seed": seed})) for one in made.runs]
    return replace(made, runs=tuple(runs))


def test_the_control_of_a_curve_is_held_against_each_seed() -> None:
    on_seeds = [of_curve_b(seed, flat(0.15)) for seed in (43, 44, 45)]
    tuned = {seed: run(Method.PLAIN, flat(end)) for seed, end in ((43, 0.03), (44, 0.045), (45, 0.06))}
    study = RateStudy("curve-b", JOB, {0.02: 0.04}, {0.02: 0.034}, run(Method.PLAIN, flat(0.034)), (53, 54), tuned)
    found = {
        item.id: item.control
        for item in with_controls(
            curve_b_claims(of_curve_b(42, flat(0.15))), of_curve_b(42, flat(0.15)), curve_b_claims, study, on_seeds
        )
    }
    control = found["curve-b-ayla-loss"]

    assert control is not None
    assert control.over_seeds is not None
    assert control.verdict is GOOD
    assert control.value == pytest.approx(0.034)
    assert control.over_seeds.verdicts == {GOOD: 1, PARTLY: 1, NOT: 1}
    assert control.over_seeds.counted("holds") == "holds on 1 of 3; median 0.045 [0.03, 0.06]"
    assert control.over_seeds.named == "3 other seeds (43–45)"


@pytest.mark.parametrize(
    ("adam", "words"),
    [
        (0.034, "it does better"),
        (0.3, "it does worse"),
        (0.12, "it holds partly, as it does better"),
        (0.15, "the claim holds"),
    ],
)
def test_a_control_beside_a_two_sided_criterion_is_said_to_be_better_or_worse(adam: float, words: str) -> None:
    made = of_curve_b(42, flat(0.15))
    study = RateStudy("curve-b", JOB, {0.02: adam}, {0.02: adam}, run(Method.PLAIN, flat(adam)), ())
    control = with_controls(curve_b_claims(made), made, curve_b_claims, study)[0].control

    assert control is not None
    assert control.words == words


def test_a_verdict_that_most_other_seeds_do_not_have_rests_on_one_seed() -> None:
    result = curve_b_claims(of_curve_b(42, flat(0.15)))[0]
    others = curve_b_claims(of_curve_b(43, flat(0.3)))[0]

    def over(*each: ClaimResult, apart: bool = True) -> ClaimResult:
        return replace(result, over_seeds=OverSeeds.of(dict(enumerate(each)), apart=apart))

    assert over(result, others, others).rests_on_one_seed
    assert not over(result, result, others, others).rests_on_one_seed
    assert not over(result, others, others, apart=False).rests_on_one_seed
    assert "most others have another" in claim_items([over(result, others, others)])[0]


def test_the_best_rate_is_the_lowest_of_those_that_are_equally_good() -> None:
    assert best_rate({0.1: -6.542968750, 0.05: -6.542968749, 0.01: 2.0}) == 0.05
    assert best_rate({0.1: math.inf, 0.05: 3.0}) == 0.05


@pytest.mark.parametrize(("rate", "word"), [(0.01, "lowest"), (0.3, "highest")])
def test_a_best_rate_at_an_end_is_said_to_be_there(rate: float, word: str) -> None:
    assert f"It is the {word} that was tried" in at_an_end(rate, [0.1, 0.01, 0.3])
    assert at_an_end(0.1, [0.1, 0.01, 0.3]) == ""


def test_why_the_saddle_is_passed_names_the_first_step() -> None:
    both = experiment("poly-sgd", plain=polynomial(rate(0.03, "sgd"), 50), loss=polynomial(rate(0.03, "sgd", 1.4), 50))

    assert "0.03·2.867 = 0.0860; it ends at x = 0.118" in why_it_passes(both)
    assert "ends its first step at x = -0.610" in why_it_passes(both)


def test_a_preset_without_a_method_is_reported() -> None:
    with pytest.raises(ayla.AylaError, match=r"curve-a has no 'sample' run"):
        curve_a_claims(experiment("curve-a", plain=flat(0.04), loss=flat(0.03)))


def test_every_criterion_names_its_thresholds() -> None:
    found = curve_a_claims(experiment("curve-a", plain=flat(0.04), loss=flat(0.03), sample=flat(0.03)))

    for result in found:
        assert "Reproduced:" in result.criterion
        assert "Partly:" in result.criterion
        assert any(character.isdigit() for character in result.criterion)


@given(st.lists(st.floats(min_value=-3, max_value=3), min_size=2, max_size=40))
def test_settling_means_from_there_to_the_end(x: list[float]) -> None:
    settling = run(Method.PLAIN, path(x))
    settled = settling.settled_from("param.x", 2.25, 0.05)
    within = [abs(value - 2.25) <= 0.05 for value in x]

    if settled is None:
        assert not within[-1]
    else:
        assert all(within[settled:])
        assert settled == 0 or not within[settled - 1]


def test_the_stronger_verdict_wins() -> None:
    assert verdict(reproduced=True, partly=False) is GOOD
    assert verdict(reproduced=False, partly=True) is PARTLY
    assert verdict(reproduced=False, partly=False) is NOT
    assert [number(value) for value in (None, math.nan, 7, 0.5)] == ["none", "none", "7", "0.5000"]
    assert [number(-1e-6), signed(-1e-6), signed(-0.25)] == ["0.0000", "+0.0000", "-0.2500"]
    # The same digits as in the brackets beside it.
    assert [number(-0.00075), number(0.0021), signed(0.00095)] == ["-0.00075", "0.0021", "+0.00095"]


def test_the_distance_to_the_true_curve() -> None:
    predictions = ayla.Predictions("trial", (150,), {"truth": [0.0, 1.0], "prediction.150": [1.0, 3.0]})
    fitted = run(Method.PLAIN, flat(0.04), predictions)

    assert distance_to_truth(fitted, 150) == 2.5
    assert math.isnan(distance_to_truth(fitted, 400))
