"""Arms of all problems, tuned and compared: their selected settings against each other on the confirmation seeds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ayla_service.comparison.arms import arm_matches, arms_of
from ayla_service.comparison.effects import copies
from ayla_service.comparison.matched_tests import problem_tests, seed_tests
from ayla_service.comparison.metrics import why_not
from ayla_service.comparison.paired_tests import PairedTest
from ayla_service.comparison.pairs import Match
from ayla_service.comparison.protocol import Protocol
from ayla_service.comparison.query import ComparisonQuery, Metric
from ayla_service.comparison.runs import ComparedProblem
from ayla_service.comparison.tuning import TunedArm, tuned_arm
from ayla_service.computing_time import ComputingTime


@dataclass(frozen=True, slots=True)
class TunedProblem:
    """The arms of one problem.

    Attributes:
        metric: what settings are selected by.
        unknown: why no trial of the problem has that metric; None if they can have it.
        arms: by name, in order of appearance.
        confirmation: the selected settings on the confirmation seeds, each under the name of its arm.
        tests: of arms against each other, over confirmation seeds.
    """

    metric: Metric
    unknown: str | None
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


def follow(
    protocol: Protocol, problems: Sequence[ComparedProblem], query: ComparisonQuery, time: ComputingTime
) -> ProtocolOutcome:
    """Select the best setting of every arm on every problem, and compare these on the confirmation seeds."""
    tuned = [_tuned(problem, protocol) for problem in time.over(problems)]
    matched = arm_matches(problems, query.baseline)
    confirmations = [one.confirmation for one in tuned]
    firsts = [copies(confirmation) for confirmation in confirmations]
    tests = seed_tests(confirmations, firsts, [_present(one, matched) for one in tuned], query, time)
    return ProtocolOutcome(
        protocol,
        [replace(one, tests=tests[place]) for place, one in enumerate(tuned)],
        problem_tests(confirmations, firsts, matched, query, time) if len(problems) > 1 else [],
        has_matches=bool(matched),
    )


def _tuned(problem: ComparedProblem, protocol: Protocol) -> TunedProblem:
    metric = protocol.metric or problem.metric
    arms = {name: tuned_arm(problem, name, settings, protocol, metric) for name, settings in arms_of([problem]).items()}
    confirmation = replace(problem, settings={name: arm.confirmation for name, arm in arms.items()})
    return TunedProblem(metric, why_not(problem, metric), arms, confirmation, [])


def _present(tuned: TunedProblem, matched: Sequence[Match]) -> list[Match]:
    """What is compared of the arms that the problem has."""
    return [match for match in matched if {match.label, match.base_label} <= tuned.arms.keys()]
