"""Verdicts on synthetic curves of test accuracy, intervals over seeds, heat maps of exponents, and LaTeX."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy
import pytest
from ayla.reports.latex_page import escaped, latex_page
from ayla.reproduce import ClaimResult, Verdict
from ayla.reproduce.exponents import ExponentMap, exponent_claim, mild_reading
from ayla.reproduce.intervals import median_interval
from ayla.reproduce.mnist import Arm, Curve, MnistExperiment, MnistRates, SeededCurves
from ayla.reproduce.mnist_claims import mnist_claims
from ayla.reproduce.mnist_findings import findings
from ayla.sweeps import HeatMapNumbers
from scipy.stats import binom  # type: ignore[import-untyped]

GOOD, PARTLY, NOT, UNKNOWN = Verdict.REPRODUCED, Verdict.PARTLY, Verdict.NOT_REPRODUCED, Verdict.NOT_MEASURED


def rising(end: float, reaches: int, epochs: int = 100) -> Curve:
    """Rises evenly until an epoch and stays."""
    return Curve(tuple(end * min(1.0, epoch / reaches) for epoch in range(1, epochs + 1)))


def seeded(curves: Sequence[Curve], label: str = "SGD") -> SeededCurves:
    return SeededCurves(label, dict(enumerate(curves)), 0.1)


def of_sgd(rate: float, plain: Sequence[Curve], ayla: Sequence[Curve]) -> MnistExperiment:
    nearly = [Curve((*curve.accuracies[:-1], curve.accuracies[-1] + 1e-9)) for curve in plain]
    arms = {Arm.PLAIN: seeded(plain), Arm.WRITTEN: seeded(ayla), Arm.REVERSED: seeded(nearly)}
    return MnistExperiment("mnist-sgd", rate, "cross-entropy", 100, arms, "job")


def by_id(results: Sequence[ClaimResult]) -> dict[str, ClaimResult]:
    return {result.id.removeprefix("mnist-sgd-0.0001-cross-entropy-"): result for result in results}


@pytest.mark.parametrize(
    ("plain", "ayla", "expected"),
    [
        (rising(0.86, 100), rising(0.9, 50), (GOOD, GOOD, GOOD)),
        (rising(0.88, 100), rising(0.875, 70), (PARTLY, PARTLY, PARTLY)),
        (rising(0.88, 100), rising(0.8815, 70), (PARTLY, PARTLY, GOOD)),
        (rising(0.91, 80), rising(0.84, 90), (NOT, NOT, NOT)),
    ],
)
def test_sgd_and_ayla_at_the_first_rate(plain: Curve, ayla: Curve, expected: tuple[Verdict, ...]) -> None:
    found = by_id(mnist_claims(of_sgd(1e-4, [plain], [ayla]), None))

    assert tuple(found[name].verdict for name in ("plain-end", "reaches-written", "end-written")) == expected
    assert found["reaches-reversed"].measured["first epoch at 0.85"] == plain.first(0.85)


def test_the_verdict_is_that_of_the_medians_and_each_seed_is_counted() -> None:
    ends = (0.80, 0.86, 0.86, 0.86, 0.96)
    found = by_id(mnist_claims(of_sgd(1e-4, [rising(end, 90) for end in ends], [rising(0.9, 50)] * 5), None))
    over = found["plain-end"].over_seeds

    assert found["plain-end"].verdict is GOOD
    assert over is not None
    assert over.interval is not None
    assert over.verdicts == {GOOD: 3, PARTLY: 1, NOT: 1}
    assert (over.interval.median, over.interval.low, over.interval.high) == (0.86, 0.80, 0.96)


def test_what_needs_more_epochs_than_were_run_is_not_measured() -> None:
    short, other = [rising(0.85, 10, epochs=20)], [rising(0.86, 10, epochs=20)]
    found = by_id(mnist_claims(of_sgd(1e-4, short, other), None))

    assert {result.verdict for result in found.values()} == {UNKNOWN}
    assert found["plain-end"].measured == {"test accuracy at epoch 100": None}
    assert "Only 20 epochs were run" in found["plain-end"].note


def test_the_control_is_the_best_rate_by_the_training_loss() -> None:
    slow, fast = seeded([rising(0.9, 90)], "SGD lr=0.01"), seeded([rising(0.98, 2)], "SGD lr=0.1")
    curves = {0.01: SeededCurves("SGD lr=0.01", slow.by_seed, 0.3), 0.1: fast}
    rates = MnistRates("mnist-sgd", "cross-entropy", curves, "job")
    found = by_id(mnist_claims(of_sgd(1e-4, [rising(0.86, 100)], [rising(0.9, 50)]), rates))
    of_plain, of_ayla = found["plain-end"].control, found["reaches-written"].control

    assert rates.best_rate == 0.1
    assert of_plain is not None
    assert (of_plain.label, of_plain.value, of_plain.words) == ("SGD lr=0.1, cross-entropy", 0.98, "it does better")
    assert of_ayla is not None
    assert (of_ayla.value, of_ayla.verdict) == (2, GOOD)


def rates_of(*curves: Curve) -> MnistRates:
    return MnistRates("mnist-sgd", "cross-entropy", {0.1: seeded(curves, "SGD lr=0.1")}, "job")


def test_a_control_that_ran_for_too_few_epochs_is_not_measured() -> None:
    rates = rates_of(rising(0.98, 2, epochs=20))
    found = by_id(mnist_claims(of_sgd(1e-4, [rising(0.86, 100)], [rising(0.9, 50)]), rates))

    for name in ("plain-end", "reaches-written", "end-written"):
        control = found[name].control
        assert control is not None
        assert (control.value, control.verdict, control.words) == (None, UNKNOWN, "not measured")


def test_a_control_has_the_interval_of_its_seeds() -> None:
    rates = rates_of(rising(0.97, 2), rising(0.98, 2), rising(0.99, 2))
    found = by_id(mnist_claims(of_sgd(1e-4, [rising(0.86, 100)] * 10, [rising(0.9, 50)] * 10), rates))
    control = found["end-written"].control

    assert control is not None
    assert control.over_seeds is not None
    assert control.over_seeds.named == "3 seeds (0–2)"
    assert control.over_seeds.counted("holds") == "holds on 0 of 3; median 0.98 [0.97, 0.99]"


def of_adam(plain: Sequence[Curve], ayla: Sequence[Curve]) -> dict[str, ClaimResult]:
    made = MnistExperiment(
        "mnist-adam",
        1e-4,
        "mse-softmax",
        10,
        {Arm.PLAIN: seeded(plain, "Adam"), Arm.WRITTEN: seeded(ayla, "AYLA"), Arm.REVERSED: seeded(plain, "AYLA")},
        "job",
    )
    return {result.id.removeprefix("mnist-adam-0.0001-mse-softmax-"): result for result in mnist_claims(made, None)}


def steps(*accuracies: float) -> Curve:
    return Curve((*accuracies, *[0.95] * (10 - len(accuracies))))


@pytest.mark.parametrize(
    ("leads", "expected"),
    [((0.012, 0.012, 0.03), GOOD), ((0.001, 0.002, 0.03), PARTLY), ((-0.001, 0.02, 0.03), NOT), ((0.0003,), PARTLY)],
)
def test_ahead_is_where_the_interval_of_the_lead_is_above_zero(leads: tuple[float, ...], expected: Verdict) -> None:
    found = of_adam([steps(0.8, 0.9)] * len(leads), [steps(0.8, 0.9 + lead) for lead in leads])

    assert found["ahead-written"].verdict is expected


def test_a_lead_is_the_median_of_the_leads_on_each_seed() -> None:
    plain, ayla = (0.90, 0.91, 0.92), (0.93, 0.90, 0.92)
    found = of_adam([steps(0.8, each) for each in plain], [steps(0.8, each) for each in ayla])["ahead-written"]

    assert found.measured["lead at epoch 2"] == pytest.approx(0.0)
    assert found.over_seeds is not None
    assert found.over_seeds.interval is not None
    assert found.measured["lead at epoch 2"] == found.over_seeds.interval.median


def test_where_ayla_is_the_optimizer_alone_its_claims_are_not_applicable() -> None:
    found = of_adam([steps(0.8, 0.9)], [steps(0.8, 0.92)])

    assert found["ahead-written"].verdict is GOOD
    assert (found["ahead-reversed"].verdict, found["close-reversed"].verdict) == (Verdict.NOT_APPLICABLE,) * 2
    assert found["ahead-reversed"].note == "The loss is never above 1, so AYLA is Adam here."
    assert found["plain-early"].verdict is NOT


def test_the_claim_on_epoch_60_tells_when_ayla_is_where_the_optimizer_is() -> None:
    found = by_id(mnist_claims(of_sgd(1e-4, [rising(0.87, 100)], [rising(0.9, 90)]), None))["reaches-written"]

    assert found.claim == "AYLA is at 0.85, where SGD is at epoch 100, by epoch 60 (learning rate 0.0001)."
    assert "What SGD itself has at epoch 100 here, 0.8700, AYLA reaches at epoch 87." in found.note


def experiments_of(loss: str, plain: float, written: float, reversed_: float) -> list[MnistExperiment]:
    arms = {Arm.PLAIN: plain, Arm.WRITTEN: written, Arm.REVERSED: reversed_}
    curves = {arm: seeded([rising(end, 50)]) for arm, end in arms.items()}
    return [MnistExperiment("mnist-sgd", rate, loss, 100, curves, "job") for rate in (1e-4, 2e-4)]


def test_the_reading_that_is_nearest_to_figure_11_is_named_by_its_distance() -> None:
    made = [*experiments_of("cross-entropy", 0.87, 0.88, 0.9), *experiments_of("mse-softmax", 0.18, 0.13, 0.18)]
    ends, nearest = findings("mnist-sgd", made, [])

    assert ends == (
        "SGD at epoch 100, learning rate 0.0001: with cross-entropy 0.87, with MSE of the softmax 0.18; "
        "Figure 11 has 0.85."
    )
    assert nearest.startswith("Nearest to Figure 11 is cross-entropy with N1 = 1, N2 = 1.5: its mean distance")
    assert "MSE of the softmax with N1 = 1.5, N2 = 1 (0.7" in nearest
    # The same as the optimizer alone is no reading of AYLA.
    assert "MSE of the softmax with N1 = 1, N2 = 1.5" not in nearest
    assert findings("mnist-sgd", [], []) == []


@pytest.mark.parametrize(
    ("ahead", "told"),
    [
        ((GOOD, NOT), "only with MSE, written"),
        ((NOT, NOT), "with none of them"),
        ((GOOD, GOOD), "only with MSE, written and cross, written"),
    ],
)
def test_which_reading_is_ahead_early_and_whether_one_gives_both_figures(
    ahead: tuple[Verdict, Verdict], told: str
) -> None:
    some = of_adam([steps(0.8, 0.9)], [steps(0.8, 0.92)])["ahead-written"]
    early = [
        replace(some, reading=one, verdict=of)
        for one, of in zip(("MSE, written", "cross, written"), ahead, strict=True)
    ]
    copies = replace(some, reading="MSE, reversed", verdict=Verdict.NOT_APPLICABLE)
    of_11 = [replace(some, id="x", figure="Fig. 11", reading="cross, written", verdict=PARTLY)]
    early_told, both_told = findings("mnist-adam", [], [*early, copies, *of_11])

    assert told in early_told
    is_both = ahead[1] is GOOD
    assert both_told.endswith(
        "Both figures are given by cross, written." if is_both else "No single reading gives both figures."
    )


@pytest.mark.parametrize("count", [1, 2, 3, 5, 6, 8, 10, 15, 40])
def test_the_interval_of_a_median_covers_what_it_says(count: int) -> None:
    found = median_interval([*range(1, count + 1)])
    rank = int(found.low)

    assert found.median == numpy.median(range(1, count + 1))
    assert found.high == count + 1 - rank
    assert found.coverage == pytest.approx(max(0.0, 1 - 2 * binom.cdf(rank - 1, count, 0.5)))
    assert found.coverage >= 0.95 or rank == 1
    narrower = 1 - 2 * binom.cdf(rank, count, 0.5)
    assert narrower < 0.95


def heat_map(
    cells: Sequence[Sequence[float]], preset: str = "curve-a", paper: float = 0.03, plain: float = 0.04
) -> ExponentMap:
    numbers = HeatMapNumbers.model_validate(
        {
            "metric": "final_loss",
            "x": {"path": "ayla.n1", "values": [*range(len(cells[0]))]},
            "y": {"path": "ayla.n2", "values": [*range(len(cells))]},
            "panels": [
                {"arm": "AYLA", "cells": [[None if math.isnan(loss) else loss for loss in row] for row in cells]}
            ],
        }
    )
    return ExponentMap(preset, "job", numbers, paper_loss=paper, plain_loss=plain)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([[0.03, 0.031], [0.0329, 0.03]], GOOD),
        ([[0.03, 0.031], [0.05, 0.06]], PARTLY),
        ([[0.03, math.nan], [0.05, 0.06]], NOT),
        ([[math.nan, math.nan]], NOT),
    ],
)
def test_no_search_is_needed_where_almost_any_pair_will_do(cells: list[list[float]], expected: Verdict) -> None:
    claim = exponent_claim(heat_map(cells))

    assert claim.verdict is expected
    assert claim.measured["pairs that diverged"] == sum(math.isnan(loss) for row in cells for loss in row)


def test_the_best_pair_is_named_by_its_exponents() -> None:
    assert heat_map([[0.05, 0.03], [0.04, math.nan]]).best == (1, 0, 0.03)
    assert exponent_claim(heat_map([[-6.54, 2.0]], "poly-sgd")).measured["best loss"] == -6.54


def test_copies_are_told_apart_from_results_and_stuck_pairs_from_those_that_left_the_saddle() -> None:
    of_curve = exponent_claim(heat_map([[0.03, 0.039, 0.05], [0.03, 0.039, math.nan]]))
    of_saddle = exponent_claim(heat_map([[2.0003, -6.54, 1.95, 1.8]], "poly-sgd", plain=2.0007))

    assert of_curve.note.startswith(
        "The 6 pairs end at 3 different losses. Of the pairs 33 % end within 10 % of the best"
    )
    assert "of the different ones 33 %; 33 % end more than 10 % below the optimizer without AYLA" in of_curve.note
    assert of_saddle.measured["share that leave the saddle point (end below 1.9; its loss is 2)"] == 0.5


def test_the_mild_reading_counts_the_maps_in_which_the_papers_pair_is_as_good_as_the_best() -> None:
    good, not_so = heat_map([[0.03, 0.028]], "curve-a"), heat_map([[0.02, 0.03]], "curve-b")

    assert "in 1 of 2 maps: curve-a." in mild_reading([good, not_so])


@pytest.mark.parametrize(
    ("cells", "name"),
    [
        ([[0.03, 0.02], [0.03, 0.02]], "N1 = 1 with any N2"),
        ([[0.02, 0.02], [0.03, 0.04]], "N2 = 0 with any N1"),
        ([[0.02, 0.03], [0.03, 0.02 + 1e-9]], "N1 = 0 and N2 = 0, one of 2 as good"),
        ([[0.02, 0.03], [0.03, 0.04]], "N1 = 0 and N2 = 0"),
    ],
)
def test_a_best_pair_in_which_an_exponent_makes_no_difference_says_so(cells: list[list[float]], name: str) -> None:
    found = heat_map(cells)

    assert found.best_pair == name
    assert f"The best pair, {name}, ends at 0.0200" in exponent_claim(found).note


def test_latex_means_what_the_page_says() -> None:
    page = "# A\n\n50 % of |x| ≤ 0.1 and `a_b`\n\n| N1 | *v* |\n|---|---|\n| [1] | **2** |\n\n![d](f.png)\n"
    written = latex_page(page)

    assert "50 \\% of $|$x$|$ $\\le$ 0.1 and \\texttt{a\\_b}" in written
    assert "{}[1] & \\textbf{2} \\\\" in written
    assert "\\includegraphics[width=0.85\\linewidth]{f.pdf}" in written
    assert escaped("☃") == "(U+2603)"
