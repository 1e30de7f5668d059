"""What a study's report says, as values: the answer, a leaderboard, and a row for each problem."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ayla.aggregates import AggregatedPair
from ayla.arms import ArmPair, ProtocolResult
from ayla.comparison import Pairing
from ayla.jobs_comparison import JobsComparison
from ayla.study.power import Detectable, detectable
from ayla.study.runner import StudyResult

_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Ranked:
    """An arm on the leaderboard.

    Attributes:
        arm: its name.
        log_area: area under its ECDF over the logarithm of the steps; None where it has no curve.
        reached: share of all targets that it reached.
        fastest: share of the instances in which it was the fastest, alone or with others.
        wins: problems on which its median is the best of all arms, alone or with others.
        mean_rank: over the problems, of its median among all arms, 1 for the best; equal ones share theirs.
    """

    arm: str
    log_area: float | None
    reached: float | None
    fastest: float | None
    wins: int
    mean_rank: float


@dataclass(frozen=True, slots=True)
class Answer:
    """An arm against what it is compared with, over all problems.

    Attributes:
        over_problems: the sign test over problems.
        aggregate: both numbers over all runs; None without any.
        per_problem: over the seeds of each problem, by its place.
    """

    over_problems: Pairing
    aggregate: AggregatedPair | None
    per_problem: Mapping[int, ArmPair]

    @property
    def label(self) -> str:
        """The arm."""
        return self.over_problems.label

    @property
    def outcomes(self) -> Counter[str]:
        """Problems by the outcome of the test over their seeds."""
        return Counter(pair.outcome for pair in self.per_problem.values())


@dataclass(frozen=True, slots=True)
class StudyReport:
    """The report of a study whose comparison there is.

    Attributes:
        result: what was run.
        comparison: the service's.
        names: of the problems, in the order of the comparison.
        answers: one for each arm that is compared with another.
        leaderboard: all arms, the best first.
        power: what could have been detected over the problems.
    """

    result: StudyResult
    comparison: JobsComparison
    names: tuple[str, ...]
    answers: tuple[Answer, ...]
    leaderboard: tuple[Ranked, ...]
    power: Detectable

    @property
    def protocol(self) -> ProtocolResult:
        """What the comparison says of arms."""
        return _protocol(self.comparison)

    @property
    def on_these_problems(self) -> str:
        """What holds on these problems with other seeds, in a sentence; empty where nothing can be said."""
        intervals = [
            answer.aggregate.improvement.interval
            for answer in self.answers
            if answer.aggregate and answer.aggregate.improvement and answer.aggregate.improvement.interval
        ]
        if not intervals:
            return ""
        above, below = sum(one.low > _HALF for one in intervals), sum(one.high < _HALF for one in intervals)
        outcomes = sum((answer.outcomes for answer in self.answers), Counter[str]())
        return (
            "On these very problems with other seeds, the probability that a run does better than one of the arm it is "
            f"compared with lies above one half for {above} of {len(intervals)} arms, below for {below}, by its "
            f"interval. Of the {outcomes.total()} comparisons on single problems {outcomes['better']} are better and "
            f"{outcomes['worse']} worse, corrected for all of them."
        )

    @property
    def headline(self) -> str:
        """The answer in a sentence."""
        counts = Counter(answer.over_problems.outcome for answer in self.answers)
        told = [
            f"{words} {counts[outcome]}"
            for outcome, words in (("better", "better with"), ("worse", "worse with"), ("undecided", "undecided with"))
            if counts[outcome]
        ]
        none = counts["no_statement"]
        told += [f"no statement about {none}"] if none else []
        return (
            f"Over {len(self.names)} problems, of {len(self.answers)} arms that are compared with another: "
            f"{', '.join(told)}."
        )


def report_of(result: StudyResult) -> StudyReport | None:
    """The report; None where no problem is complete."""
    comparison = result.comparison
    if comparison is None or comparison.protocol is None:
        return None
    names = _names(result, comparison)
    answers = tuple(_answers(comparison))
    pairs = comparison.protocol.pairs
    tests = pairs[0].tests if pairs and pairs[0].tests else len(answers)
    power = detectable(len(names), max(1, tests), 1 - comparison.confidence)
    return StudyReport(result, comparison, names, answers, tuple(_leaderboard(comparison)), power)


def _protocol(comparison: JobsComparison) -> ProtocolResult:
    if comparison.protocol is None:
        raise ValueError("a comparison without a protocol says nothing of arms")
    return comparison.protocol


def _names(result: StudyResult, comparison: JobsComparison) -> tuple[str, ...]:
    """What the study calls each problem of the comparison."""
    by_job = {job.id: one.problem.name for one in result.problems for job in one.jobs}
    return tuple(by_job[problem.job_ids[0]] for problem in comparison.problems)


def _answers(comparison: JobsComparison) -> Iterator[Answer]:
    protocol = _protocol(comparison)
    aggregates = {(one.label, one.base_label): one for one in comparison.aggregates}
    each = {there.problem: {(pair.label, pair.base_label): pair for pair in there.pairs} for there in protocol.problems}
    over = protocol.pairs if len(comparison.problems) > 1 else protocol.problems[0].pairs
    for pair in over:
        both = (pair.label, pair.base_label)
        yield Answer(pair, aggregates.get(both), {place: found[both] for place, found in each.items() if both in found})


def _leaderboard(comparison: JobsComparison) -> list[Ranked]:
    curves = {one["label"]: one for one in (comparison.profile or {}).get("curves") or ()}
    ranks = [_ranks(medians) for medians in _medians(comparison)]
    arms = list(dict.fromkeys(arm for ranked in ranks for arm in ranked))
    found = [_ranked(arm, curves.get(arm), [ranked[arm] for ranked in ranks if arm in ranked]) for arm in arms]
    return sorted(found, key=lambda one: (-(one.log_area or 0.0), one.mean_rank))


def _ranked(arm: str, curve: Mapping[str, Any] | None, ranks: list[tuple[float, bool]]) -> Ranked:
    ecdf = curve["ecdf"] if curve else None
    return Ranked(
        arm=arm,
        log_area=ecdf["log_area"] if ecdf else None,
        reached=ecdf["reached"] if ecdf else None,
        fastest=curve["best"] if curve else None,
        wins=sum(is_best for _, is_best in ranks),
        mean_rank=sum(rank for rank, _ in ranks) / len(ranks),
    )


def _medians(comparison: JobsComparison) -> Iterator[dict[str, float]]:
    """Of each problem the median of each arm on the confirmation seeds, of which less is better."""
    for there in _protocol(comparison).problems:
        sign = -1.0 if comparison.problems[there.problem].more_is_better else 1.0
        yield {
            arm.arm: sign * arm.confirmation.value.median
            for arm in there.arms
            if arm.confirmation is not None and arm.confirmation.value is not None
        }


def _ranks(medians: Mapping[str, float]) -> dict[str, tuple[float, bool]]:
    """Rank of each arm, those that are equal sharing the mean of theirs, and whether it is the best or as good."""
    values = sorted(medians.values())
    best = values[0] if values else 0.0
    return {arm: (values.index(value) + (values.count(value) + 1) / 2, value == best) for arm, value in medians.items()}
