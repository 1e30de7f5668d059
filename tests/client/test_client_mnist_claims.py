"""Verdicts on synthetic curves of test accuracy, intervals over seeds, heat maps of exponents, and LaTeX."""

import math
from collections.abc import Sequence

import numpy
import pytest
from ayla.reports.latex_page import escaped, latex_page
from ayla.reproduce import ClaimResult, Verdict
from ayla.reproduce.exponents import ExponentMap, exponent_claim
from ayla.reproduce.intervals import median_interval
from ayla.reproduce.mnist import Arm, Curve, MnistExperiment, MnistRates, SeededCurves
from ayla.reproduce.mnist_claims import mnist_claims
from ayla.sweeps import HeatMapNumbers
from scipy.stats import binom  # type: ignore[import-untyped]

GOOD, PARTLY, NOT, UNKNOWN = Verdict.REPRODUCED, Verdict.PARTLY, Verdict.NOT_REPRODUCED, Verdict.NOT_MEASURED


def rising(end: float, reaches: int, epochs: int = 100) -> Curve:
    """Rises evenly until an epoch and stays."""
    return Curve(tuple(end * min(1.0, epoch / reaches) for epoch in range(1, epochs + 1)))


def seeded(curves: Sequence[Curve], label: str = "SGD") -> SeededCurves:
    return SeededCurves(label, dict(enumerate(curves)), 0.1)


def of_sgd(rate: float, plain: Sequence[Curve], ayla: Sequence[Curve]) -> MnistExperiment:
    arms = {Arm.PLAIN: seeded(plain), Arm.WRITTEN: seeded(ayla), Arm.REVERSED: seeded(plain)}
    return MnistExperiment("mnist-sgd", rate, "cross-entropy", 100, arms, "job")


def by_id(results: Sequence[ClaimResult]) -> dict[str, ClaimResult]:
    return {result.id.removeprefix("mnist-sgd-0.0001-cross-entropy-"): result for result in results}


@pytest.mark.parametrize(
    ("plain", "ayla", "expected"),
    [
        (rising(0.86, 100), rising(0.9, 50), (GOOD, GOOD, GOOD)),
        (rising(0.88, 100), rising(0.88, 70), (PARTLY, PARTLY, PARTLY)),
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
    short = [rising(0.85, 10, epochs=20)]
    found = by_id(mnist_claims(of_sgd(1e-4, short, short), None))

    assert {result.verdict for result in found.values()} == {UNKNOWN}
    assert found["plain-end"].measured == {"test accuracy at epoch 100": None}
    assert "Only 20 epochs were run" in found["plain-end"].note


def test_the_control_is_the_best_rate_by_the_training_loss() -> None:
    slow, fast = seeded([rising(0.9, 90)], "SGD lr=0.01"), seeded([rising(0.98, 2, epochs=20)], "SGD lr=0.1")
    rates = MnistRates("mnist-sgd", {0.01: SeededCurves("SGD lr=0.01", slow.by_seed, 0.3), 0.1: fast}, "job")
    found = by_id(mnist_claims(of_sgd(1e-4, [rising(0.86, 100)], [rising(0.9, 50)]), rates))
    of_plain, of_ayla = found["plain-end"].control, found["reaches-written"].control

    assert rates.best_rate == 0.1
    assert of_plain is not None
    assert (of_plain.label, of_plain.value, of_plain.verdict) == ("SGD lr=0.1", 0.98, NOT)
    assert of_ayla is not None
    assert (of_ayla.value, of_ayla.verdict) == (2, GOOD)


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


def heat_map(cells: Sequence[Sequence[float]], preset: str = "curve-a") -> ExponentMap:
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
    return ExponentMap(preset, "job", numbers, paper_loss=0.03, plain_loss=0.04)


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


def test_latex_means_what_the_page_says() -> None:
    page = "# A\n\n50 % of |x| ≤ 0.1 and `a_b`\n\n| N1 | *v* |\n|---|---|\n| [1] | **2** |\n\n![d](f.png)\n"
    written = latex_page(page)

    assert "50 \\% of $|$x$|$ $\\le$ 0.1 and \\texttt{a\\_b}" in written
    assert "{}[1] & \\textbf{2} \\\\" in written
    assert "\\includegraphics[width=0.85\\linewidth]{f.pdf}" in written
    assert escaped("☃") == "(U+2603)"
