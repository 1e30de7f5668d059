"""Results of paired tests as answers, each with its verdict in one or two sentences."""

import math
from dataclasses import asdict

from ayla_service.comparison.distributions import percent
from ayla_service.comparison.paired_tests import PairedTest
from ayla_service.comparison.query import ComparisonQuery, Metric
from ayla_service.comparison.schemas import PairComparison, RankTest, SignTest

_WORDS: dict[Metric, tuple[str, str, str]] = {
    "final_loss": ("ended lower than", "ended higher than", "ended equal to"),
    "best_loss": ("had a lower best loss than", "had a higher best loss than", "had the same best loss as"),
    "steps_to_target": (
        "took fewer steps to the target than",
        "took more steps to the target than",
        "took as many steps to the target as",
    ),
    "area_under_curve": (
        "had a smaller area under its curve than",
        "had a larger area under its curve than",
        "had the same area under its curve as",
    ),
}


def pair_comparison(test: PairedTest, query: ComparisonQuery) -> PairComparison:
    """The answer for one pair of settings."""
    return PairComparison(
        label=test.match.label,
        base_label=test.match.base_label,
        compared_as="ayla" if test.match.is_ayla else "baseline",
        unit=test.unit,
        count=test.count,
        pairs=test.pairs,
        unreached=test.unreached,
        wins=test.wins,
        losses=test.losses,
        ties=test.ties,
        superiority=test.superiority,
        median_difference=test.median_difference,
        interval=test.interval,
        no_interval=test.no_interval,
        sign_test=_sign_test(test),
        rank_test=_rank_test(test),
        tests=test.family,
        outcome=test.outcome(query.confidence),
        verdict=verdict(test, query),
    )


def _sign_test(test: PairedTest) -> SignTest | None:
    if test.sign_p is None or test.adjusted_sign_p is None:
        return None
    return SignTest(p_value=test.sign_p, adjusted=test.adjusted_sign_p)


def _rank_test(test: PairedTest) -> RankTest | None:
    if test.rank is None or test.adjusted_rank_p is None:
        return None
    return RankTest(**asdict(test.rank), adjusted=test.adjusted_rank_p)


def verdict(test: PairedTest, query: ComparisonQuery) -> str:
    """The result and how sure it is."""
    if not test.count:
        label, base = test.match.label, test.match.base_label
        return f"No {test.unit} has a result of both {label} and {base}: nothing can be said."
    if not test.pairs:
        label, base = test.match.label, test.match.base_label
        return (
            f"Neither {label} nor {base} reached the target on any of {test.count} {test.unit}s: nothing can be said."
        )
    if test.pairs + test.unreached < test.count:
        return (
            f"{_clause(test, query)}. The seeds make no difference here: nothing random in this problem. The "
            f"{test.count} seeds are copies of one run and count as one."
        )
    if test.sign_p is None or test.adjusted_sign_p is None:
        return f"{_clause(test, query)}. One {test.unit} says nothing about how sure this is.{_unreached(test)}"
    certainty = f"{_clause(test, query)} on {_majority(test)}: {_certainty(test, query)}."
    return f"{certainty}{_difference(test)}{_unreached(test)}"


def _certainty(test: PairedTest, query: ComparisonQuery) -> str:
    """Whether it could be chance, with the p-value; or that so few pairs could not tell, and how many would."""
    if test.outcome(query.confidence) != "undecided":
        return f"unlikely to be chance ({_p_values(test)})"
    fewest = test.decidable_from(query.confidence)
    if fewest is None:
        return f"could be chance ({_p_values(test)})"
    untied = test.wins + test.losses
    tests = f" and {test.open} undecided tests" if test.open > 1 else ""
    ties = " that are not tied" if test.ties else ""
    return (
        f"cannot be decided ({_p_values(test)}; with {untied} {test.unit}s{ties}{tests} the lowest possible is "
        f"{test.lowest_p(untied):.2g}, {fewest} {test.unit}s would do)"
    )


def _clause(test: PairedTest, query: ComparisonQuery) -> str:
    """Clause that says who won the majority of pairs; as many wins as losses are given as wins."""
    lower, higher, equal = _WORDS[query.metric]
    words = equal if test.ties == test.pairs else higher if test.losses > test.wins else lower
    return f"{test.match.label} {words} {test.match.base_label}"


def _majority(test: PairedTest) -> str:
    most = test.ties if test.ties == test.pairs else max(test.wins, test.losses)
    ties = f", {test.ties} tied" if 0 < test.ties < test.pairs else ""
    return f"{most} of {test.pairs} {test.unit}s{ties}"


def _unreached(test: PairedTest) -> str:
    if not test.unreached:
        return ""
    return f" Neither reached the target on {test.unreached} of {test.count} {test.unit}s."


def _p_values(test: PairedTest) -> str:
    exact = f"exact sign test, p = {test.sign_p:.2g}"
    if test.family < 2:
        return exact
    return f"{exact}; {test.adjusted_sign_p:.2g} after Holm's correction for {test.family} tests"


def _difference(test: PairedTest) -> str:
    if test.median_difference is None:
        return ""
    kind = "Median difference" if test.unit == "seed" else "Median relative difference"
    if not math.isfinite(test.median_difference):
        return f" {kind} not finite: too often one of the two alone diverged or did not get there."
    stated = f" {kind} {_signed(test.median_difference)}"
    if test.interval is None:
        return f"{stated} (no interval: {test.no_interval})."
    low, high = test.interval.low, test.interval.high
    return f"{stated} ({percent(round(test.interval.coverage, 3))} interval {_signed(low)} to {_signed(high)})."


def _signed(value: float | None) -> str:
    if value is not None and math.isfinite(value):
        return f"{value:+.3g}"
    return "+∞" if value == math.inf else "-∞"
