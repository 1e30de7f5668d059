"""Tests of all matches of a comparison: over the seeds of each problem, and over problems."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace

from ayla_service.comparison.paired_tests import PairedTest, run_tests
from ayla_service.comparison.pairs import Match, over_problems, over_seeds
from ayla_service.comparison.query import ComparisonQuery
from ayla_service.comparison.runs import ComparedProblem
from ayla_service.computing_time import ComputingTime

Firsts = Mapping[str, str]
"""The label of the first setting that a setting is a copy of, by its own; others are left out."""


def seed_tests(
    problems: Sequence[ComparedProblem],
    firsts: Sequence[Firsts],
    matched: Sequence[Sequence[Match]],
    query: ComparisonQuery,
    time: ComputingTime,
) -> list[list[PairedTest]]:
    """The tests over seeds, by problem; those of all problems are one family, in which copies count once.

    Args:
        problems: with their runs.
        firsts: the copies on each problem.
        matched: what is compared on each problem.
        query: the confidence.
        time: since the answer was begun.
    """
    found = [
        (place, replace(over_seeds(problem, match), originals=_originals(match, [firsts[place]], place)))
        for place, problem in enumerate(problems)
        for match in time.over(matched[place])
    ]
    tests = run_tests([pairs for _, pairs in found], "seed", query)
    by_problem: list[list[PairedTest]] = [[] for _ in problems]
    for (place, _), test in zip(found, tests, strict=True):
        by_problem[place].append(test)
    return by_problem


def problem_tests(
    problems: Sequence[ComparedProblem],
    firsts: Sequence[Firsts],
    matched: Sequence[Match],
    query: ComparisonQuery,
    time: ComputingTime,
) -> list[PairedTest]:
    """The tests over problems, which are another family."""
    found = [
        replace(over_problems(problems, match), originals=_originals(match, firsts)) for match in time.over(matched)
    ]
    return run_tests(found, "problem", query)


def _originals(match: Match, firsts: Sequence[Firsts], place: int = 0) -> tuple[Hashable, Hashable]:
    """On each problem the first settings that the two are copies of, or they themselves."""
    return (
        (place, *(first.get(match.label, match.label) for first in firsts)),
        (place, *(first.get(match.base_label, match.base_label) for first in firsts)),
    )
