"""Results of paired tests as answers, each with its verdict in one or two sentences."""

import math
from dataclasses import asdict

from ayla_service.comparison.distributions import percent
from ayla_service.comparison.metrics import in_words, more_is_better
from ayla_service.comparison.paired_tests import PairedTest
from ayla_service.comparison.pairs import Match, seed_values
from ayla_service.comparison.query import ComparisonQuery, Metric
from ayla_service.comparison.runs import ComparedProblem
from ayla_service.comparison.schemas import PairComparison, RankTest, SeedValues, SignTest

_WORDS: dict[Metric, tuple[str, str, str]] = {
    "final_loss": ("ended lower than", "ended higher than", "ended equal to"),
    "best_loss": ("had a lower best loss than", "had a higher best loss than", "had the same best loss as"),
    "steps_to_target": (
        "took fewer steps to the target than",
        "took more steps to the target than",
        "took as many steps to the target as",
    ),
    "epochs_to_target": (
        "took fewer epochs to the target than",
        "took more epochs to the target than",
        "took as many epochs to the target as",
    ),
    "area_under_curve": (
        "had a smaller area under its curve than",
        "had a larger area under its curve than",
        "had the same area under its curve as",
    ),
    "gap": (
        "came closer to the known minimum than",
        "stayed further from the known minimum than",
        "came as close to the known minimum as",
    ),
}
"""Of a setting that is better, worse, equal; other metrics are named."""

_OF_SEVERAL_METRICS = ("did better than", "did worse than", "did as well as")


def pair_comparison(test: PairedTest, query: ComparisonQuery, problem: ComparedProblem | None = None) -> PairComparison:
    """The answer for one pair of settings.

    Args:
        test: of the pair.
        query: the confidence, and whether the values of each seed are told.
        problem: whose seeds make the pairs; None over problems.
    """
    return PairComparison(
        label=test.match.label,
        base_label=test.match.base_label,
        compared_as="ayla" if test.match.is_ayla else "baseline",
        unit=test.unit,
        count=test.count,
        pairs=test.pairs,
        unreached=test.unreached,
        not_recorded=test.not_recorded,
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
        family=test.family_name,
        outcome=test.outcome(query.confidence),
        verdict=verdict(test, query),
        values=None if problem is None or not query.values else _seed_values(problem, test.match),
    )


def _seed_values(problem: ComparedProblem, match: Match) -> list[SeedValues]:
    sign = -1.0 if more_is_better(problem.metric) else 1.0
    return [
        SeedValues(seed=seed, value=sign * value, base=sign * base) for seed, value, base in seed_values(problem, match)
    ]


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
    both = f"both {test.match.label} and {test.match.base_label}"
    if not test.count:
        return f"No {test.unit} has a result of {both}: nothing can be said."
    if test.not_recorded == test.count:
        return _without_metric(test)
    if not test.pairs:
        neither = f"Neither {test.match.label} nor {test.match.base_label} reached the target"
        where = f"any of {test.count}" if not test.not_recorded else f"{test.unreached} of {test.count}"
        return f"{neither} on {where} {test.unit}s: nothing can be said.{_lacking(test)}"
    if test.are_copies:
        return (
            f"{test.match.label} and {test.match.base_label} took the same course, as they differ only in exponents "
            "that had no effect: they count as one, and there is nothing to test."
        )
    if test.pairs + test.unreached + test.not_recorded < test.count:
        return (
            f"{_clause(test)}. The seeds make no difference here: nothing random in this problem. The "
            f"{test.count} seeds are copies of one run and count as one."
        )
    if test.sign_p is None or test.adjusted_sign_p is None:
        return f"{_clause(test)}. One {test.unit} says nothing about how sure this is.{_left_out(test)}"
    certainty = f"{_clause(test)} on {_majority(test)}: {_certainty(test, query)}."
    return f"{certainty}{_difference(test)}{_left_out(test)}"


def _without_metric(test: PairedTest) -> str:
    """That the metric is not recorded, and why or of which trials."""
    metric = "the metrics of these problems" if test.metric is None else f"the {in_words(test.metric)}"
    nothing = f"Nothing can be said of {test.match.label} and {test.match.base_label} by {metric}: not recorded"
    if test.reason is not None:
        return f"{nothing}, as {test.reason}."
    return f"{nothing} of both on any of {test.count} {test.unit}s."


def _certainty(test: PairedTest, query: ComparisonQuery) -> str:
    """Whether it could be chance, with the p-value; or that so few pairs could not tell, and how many would."""
    if test.outcome(query.confidence) != "undecided":
        return f"unlikely to be chance ({_p_values(test)})"
    fewest = test.decidable_from(query.confidence)
    if fewest is None:
        return f"could be chance ({_p_values(test)})"
    tests = f" and {test.open} undecided tests" if test.open > 1 else ""
    return (
        f"cannot be decided ({_p_values(test)}; with {_untied(test)}{tests} the lowest possible is "
        f"{test.lowest_p(test.wins + test.losses):.2g}, {fewest} {'such ' * bool(test.ties)}{test.unit}s would do)"
    )


def _untied(test: PairedTest) -> str:
    """How many pairs count in the sign test."""
    count = test.wins + test.losses
    plural, are = ("", "is") if count == 1 else ("s", "are")
    return f"{count} {test.unit}{plural}" + f" that {are} not tied" * bool(test.ties)


def _clause(test: PairedTest) -> str:
    """Clause that says who won the majority of pairs; as many wins as losses are given as wins, see ``_majority``."""
    better, worse, equal = _OF_SEVERAL_METRICS if test.metric is None else _WORDS.get(test.metric, _named(test.metric))
    words = equal if test.ties == test.pairs else worse if test.losses > test.wins else better
    return f"{test.match.label} {words} {test.match.base_label}"


def _named(metric: Metric) -> tuple[str, str, str]:
    name, (better, worse) = in_words(metric), ("higher", "lower") if more_is_better(metric) else ("lower", "higher")
    return f"had a {better} {name} than", f"had a {worse} {name} than", f"had the same {name} as"


def _majority(test: PairedTest) -> str:
    most = test.ties if test.ties == test.pairs else max(test.wins, test.losses)
    ties = f", {test.ties} tied" if 0 < test.ties < test.pairs else ""
    even = ", the other way round on as many" if test.wins == test.losses > 0 else ""
    return f"{most} of {test.pairs} {test.unit}s{even}{ties}"


def _left_out(test: PairedTest) -> str:
    """Which seeds, or problems, are no pairs."""
    missed = f" Neither reached the target on {test.unreached} of {test.count} {test.unit}s." if test.unreached else ""
    return f"{missed}{_lacking(test)}"


def _lacking(test: PairedTest) -> str:
    if not test.not_recorded:
        return ""
    return f" Not recorded of both on {test.not_recorded} of {test.count} {test.unit}s."


def _p_values(test: PairedTest) -> str:
    exact = f"exact sign test, p = {test.sign_p:.2g}"
    if test.family < 2:
        return exact
    return f"{exact}; {test.adjusted_sign_p:.2g} after Holm's correction for {test.family_name}"


def _difference(test: PairedTest) -> str:
    if test.median_difference is None:
        return ""
    kind = "Median difference" if test.unit == "seed" else "Median relative difference"
    if not math.isfinite(test.median_difference):
        reached = ", or came down to the known minimum" if test.metric == "gap" else " or did not get there"
        return f" {kind} not finite: too often one of the two alone diverged{reached}."
    powers = " powers of ten" if test.metric == "gap" and test.unit == "seed" else ""
    stated = f" {kind} {_signed(test.median_difference)}{powers}"
    if test.interval is None:
        return f"{stated} (no interval: {test.no_interval})."
    low, high = test.interval.low, test.interval.high
    return f"{stated} ({percent(round(test.interval.coverage, 3))} interval {_signed(low)} to {_signed(high)})."


def _signed(value: float | None) -> str:
    if value is not None and math.isfinite(value):
        return f"{value:+.3g}"
    return "+∞" if value == math.inf else "-∞"
