"""Families of tests: those over the seeds of all problems, and those over problems. In each, copies count once."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace

from ayla_service.comparison.paired_tests import PairedTest, run_tests
from ayla_service.comparison.pairs import Match, matches, over_problems, over_seeds
from ayla_service.comparison.query import ComparisonQuery
from ayla_service.comparison.runs import ComparedProblem


def seed_tests(
    problems: Sequence[ComparedProblem],
    firsts: Sequence[Mapping[str, str]],
    query: ComparisonQuery,
    matched: Sequence[Sequence[Match]] | None = None,
) -> list[list[PairedTest]]:
    """The tests over seeds, by problem; those of all problems are one family, in which copies count once.

    Args:
        problems: with their runs.
        firsts: the copies on each problem.
        query: the confidence and the baseline.
        matched: what is compared on each problem; None: settings with AYLA, and those beside the baseline.
    """
    if matched is None:
        matched = [matches([problem], query.baseline) for problem in problems]
    found = [
        (place, replace(over_seeds(problem, match), originals=_originals(match, [firsts[place]], place)))
        for place, problem in enumerate(problems)
        for match in matched[place]
    ]
    tests = run_tests([pairs for _, pairs in found], "seed", query)
    by_problem: list[list[PairedTest]] = [[] for _ in problems]
    for (place, _), test in zip(found, tests, strict=True):
        by_problem[place].append(test)
    return by_problem


def problem_tests(
    problems: Sequence[ComparedProblem],
    firsts: Sequence[Mapping[str, str]],
    query: ComparisonQuery,
    matched: Sequence[Match] | None = None,
) -> list[PairedTest]:
    """The tests over problems, which are another family; as ``seed_tests``."""
    matched = matches(problems, query.baseline) if matched is None else matched
    found = [replace(over_problems(problems, match), originals=_originals(match, firsts)) for match in matched]
    return run_tests(found, "problem", query)


def _originals(match: Match, firsts: Sequence[Mapping[str, str]], place: int = 0) -> tuple[Hashable, Hashable]:
    """On each problem the first settings that the two are copies of, or they themselves."""
    return (
        (place, *(first.get(match.label, match.label) for first in firsts)),
        (place, *(first.get(match.base_label, match.base_label) for first in firsts)),
    )
