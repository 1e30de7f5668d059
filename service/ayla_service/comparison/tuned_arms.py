"""Arms of all problems, tuned and compared: their selected settings against each other on the confirmation seeds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ayla_service.comparison.arms import arm_matches, arms_of
from ayla_service.comparison.paired_tests import PairedTest, run_tests
from ayla_service.comparison.pairs import Match, over_problems, over_seeds
from ayla_service.comparison.protocol import Protocol
from ayla_service.comparison.query import ComparisonQuery, Metric
from ayla_service.comparison.runs import ComparedProblem
from ayla_service.comparison.tuning import TunedArm, tuned_arm


@dataclass(frozen=True, slots=True)
class TunedProblem:
    """The arms of one problem.

    Attributes:
        metric: what settings are selected by.
        arms: by name, in order of appearance.
        confirmation: the selected settings on the confirmation seeds, each under the name of its arm.
        tests: of arms against each other, over confirmation seeds.
    """

    metric: Metric
    arms: dict[str, TunedArm]
    confirmation: ComparedProblem
    tests: list[PairedTest]


@dataclass(frozen=True, slots=True)
class ProtocolOutcome:
    """What came of a protocol.

    Attributes:
        protocol: what was asked for.
        problems: in the order of the comparison.
        tests: of arms against each other, over problems; empty where there is one problem only.
        has_matches: whether any two arms are compared.
    """

    protocol: Protocol
    problems: list[TunedProblem]
    tests: list[PairedTest]
    has_matches: bool


def follow(protocol: Protocol, problems: Sequence[ComparedProblem], query: ComparisonQuery) -> ProtocolOutcome:
    """Select the best setting of every arm on every problem, and compare these on the confirmation seeds."""
    tuned = [_tuned(problem, query, protocol) for problem in problems]
    matched = arm_matches(problems, query.baseline)
    confirmations = [one.confirmation for one in tuned]
    over = [over_problems(confirmations, match, query.metric) for match in matched] if len(problems) > 1 else []
    return ProtocolOutcome(
        protocol,
        _with_tests(tuned, matched, query),
        run_tests(over, "problem", query),
        has_matches=bool(matched),
    )


def _tuned(problem: ComparedProblem, query: ComparisonQuery, protocol: Protocol) -> TunedProblem:
    metric = protocol.metric or query.metric or problem.metric
    tuning, confirm = protocol.tuning_seeds, protocol.confirm_seeds
    arms = {name: tuned_arm(problem, name, tuning, confirm, metric) for name in arms_of([problem])}
    confirmation = replace(problem, settings={name: arm.confirmation for name, arm in arms.items()})
    return TunedProblem(metric, arms, confirmation, [])


def _with_tests(tuned: Sequence[TunedProblem], matched: Sequence[Match], query: ComparisonQuery) -> list[TunedProblem]:
    """The problems with their tests over seeds; those of all problems are one family."""
    found = [
        (place, over_seeds(one.confirmation, match, query.metric))
        for place, one in enumerate(tuned)
        for match in _present(one, matched)
    ]
    tests = run_tests([pairs for _, pairs in found], "seed", query)
    by_problem: list[list[PairedTest]] = [[] for _ in tuned]
    for (place, _), test in zip(found, tests, strict=True):
        by_problem[place].append(test)
    return [replace(one, tests=by_problem[place]) for place, one in enumerate(tuned)]


def _present(tuned: TunedProblem, matched: Sequence[Match]) -> Iterator[Match]:
    return (match for match in matched if {match.label, match.base_label} <= tuned.arms.keys())
