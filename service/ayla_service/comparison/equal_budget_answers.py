"""Arms with unequal budgets as if they were equal: the answer, and its verdict in words."""

from collections.abc import Sequence
from dataclasses import asdict

from ayla_service.comparison.equal_budgets import EvenDraws, EvenProblems, even_draws, over_even_problems
from ayla_service.comparison.pairs import Match
from ayla_service.comparison.protocol_schemas import DrawShares, EqualBudgets, ProblemCounts
from ayla_service.comparison.query import ComparisonQuery, Unit
from ayla_service.comparison.tuned_arms import TunedProblem


def equal_budgets(
    match: Match, unit: Unit, problems: Sequence[TunedProblem], query: ComparisonQuery
) -> EqualBudgets | None:
    """What would be with the smaller budget for both arms; None where their budgets are equal on every problem.

    Args:
        match: the arms.
        unit: whether it is about one problem, by its seeds, or over problems.
        problems: that one, or all; those that lack one of the arms are left out.
        query: the confidence.
    """
    draws = [
        found
        for one in problems
        if {match.label, match.base_label} <= one.arms.keys()
        and (found := even_draws(one.confirmation, one.arms[match.label], one.arms[match.base_label]))
    ]
    if not draws:
        return None
    if unit == "seed":
        return _on_one(match, draws[0])
    counts = over_even_problems(draws)
    return None if counts is None else _over_several(match, counts, query)


def ends(counts: Sequence[int]) -> list[int]:
    """The fewest and the most; one number where they are the same."""
    return sorted({min(counts), max(counts)}) if counts else []


def _on_one(match: Match, draws: EvenDraws) -> EqualBudgets:
    shares = DrawShares(better=draws.better, worse=draws.worse, equal=draws.equal, unknown=draws.unknown)
    verdict = (
        f"{_lead([draws.settings])} {match.label} is better than {match.base_label} in {draws.better:.0%} of the "
        f"draws, worse in {draws.worse:.0%}"
    )
    if draws.equal:
        verdict += f", equal in {draws.equal:.0%}"
    if draws.unknown:
        verdict += f"; in {draws.unknown:.0%} a setting is selected that was not run on the confirmation seeds"
    return EqualBudgets(settings=[draws.settings], draws=shares, problems=None, verdict=f"{verdict}.")


def _over_several(match: Match, counts: EvenProblems, query: ComparisonQuery) -> EqualBudgets:
    known = {name: value for name, value in asdict(counts).items() if name != "settings"}
    verdict = (
        f"{_lead(counts.settings)} {match.label} is more often better than {match.base_label} on {counts.wins} "
        f"problem{'s' * (counts.wins != 1)}, more often worse on {counts.losses}"
    )
    if counts.ties:
        verdict += f", as often on {counts.ties}"
    if counts.unknown:
        verdict += f"; not known of {counts.unknown}, as too few settings were run on the confirmation seeds"
    if counts.p_value is not None:
        chance = "unlikely to be chance" if counts.p_value < 1 - query.confidence else "could be chance"
        verdict += f": {chance} (exact sign test, p = {counts.p_value:.2g}, not corrected)"
    return EqualBudgets(
        settings=ends(counts.settings), draws=None, problems=ProblemCounts(**known), verdict=f"{verdict}."
    )


def _lead(settings: Sequence[int]) -> str:
    many = " to ".join(map(str, ends(settings)))
    return f"With equal budgets of {many} setting{'s' * (many != '1')} each, drawn at random:"
