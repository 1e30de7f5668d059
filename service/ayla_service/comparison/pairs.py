"""Pairs of runs of two optimizer settings: on the same seeds of a problem, or on the same problems."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ayla_service.comparison.query import Metric
from ayla_service.comparison.runs import ComparedProblem, ComparedSetting, SeedRun, independent
from ayla_service.trials.quantiles import median

Pair = tuple[float, float]
"""A value of the setting and one of its base; less is better."""


@dataclass(frozen=True, slots=True)
class Match:
    """Which setting is compared with which.

    Attributes:
        label: of the setting.
        base_label: of what it is compared with.
        is_ayla: whether it is AYLA on that very optimizer.
    """

    label: str
    base_label: str
    is_ayla: bool


@dataclass(frozen=True, slots=True)
class Pairs:
    """The values of a match, pair by pair.

    Attributes:
        match: what is compared.
        count: how many seeds, or problems, both settings have.
        values: of independent pairs only; fewer than ``count`` where seeds are copies of one run.
        unreached: seeds, or problems, on which neither reached the target. Both values are censored, so they are no
            pair.
        differences: setting minus base where at least one is finite: of seeds as they are, of problems relative to
            the size of the two.
    """

    match: Match
    count: int
    values: list[Pair]
    differences: list[float]
    unreached: int = 0


def matches(problems: Sequence[ComparedProblem], baseline: str | None) -> list[Match]:
    """Every AYLA setting with the one it is built on, and every setting with the baseline if there is one."""
    found: dict[tuple[str, str], Match] = {}
    for problem in problems:
        plain = {setting.base: setting.label for setting in reversed(list(_plain(problem)))}
        for setting in problem.settings.values():
            if setting.has_ayla and setting.base in plain:
                pair = setting.label, plain[setting.base]
                found.setdefault(pair, Match(*pair, is_ayla=True))
        for label in problem.settings if baseline in problem.settings else ():
            if baseline is not None and label != baseline:
                found.setdefault((label, baseline), Match(label, baseline, is_ayla=False))
    return list(found.values())


def _plain(problem: ComparedProblem) -> Iterable[ComparedSetting]:
    return (setting for setting in problem.settings.values() if not setting.has_ayla)


def over_seeds(problem: ComparedProblem, match: Match, metric: Metric) -> Pairs:
    """The two settings on the seeds of one problem that both have."""
    count, found = _values(problem, match, metric)
    values = _reached(found, metric)
    differences = [ours - base for ours, base in values if _differ(ours, base)]
    return Pairs(match, count, values, differences, len(found) - len(values))


def over_problems(problems: Sequence[ComparedProblem], match: Match, metric: Metric) -> Pairs:
    """The two settings on the problems that both have, each by the medians over the seeds that both have.

    Losses of different problems have different scales, so a difference is relative: (a - b) / (|a| + |b|), from -1
    to 1, where diverging is as far away as can be.
    """
    found = []
    for problem in problems:
        _, seeds = _values(problem, match, metric)
        if seeds:
            found.append((median([ours for ours, _ in seeds]), median([base for _, base in seeds])))
    values = _reached(found, metric)
    differences = [_relative(ours, base) for ours, base in values if _differ(ours, base)]
    return Pairs(match, len(found), values, differences, len(found) - len(values))


def _values(problem: ComparedProblem, match: Match, metric: Metric) -> tuple[int, list[Pair]]:
    """How many seeds both have, and their values on those that are independent."""
    both = _both(problem, match)
    kept = both if independent(both) else both[:1]
    return len(both), [(ours.value(metric), base.value(metric)) for ours, base in kept]


def _reached(values: list[Pair], metric: Metric) -> list[Pair]:
    """The pairs of which at least one is known: of two that miss the target nobody knows which is later."""
    return [pair for pair in values if _differ(*pair)] if metric == "steps_to_target" else values


def _both(problem: ComparedProblem, match: Match) -> list[tuple[SeedRun, SeedRun]]:
    ours, base = problem.settings.get(match.label), problem.settings.get(match.base_label)
    if ours is None or base is None:
        return []
    return [(ours.runs[seed], base.runs[seed]) for seed in sorted(ours.runs.keys() & base.runs.keys())]


def _differ(ours: float, base: float) -> bool:
    """Whether there is a difference to speak of: two trials that both diverged have none."""
    return math.isfinite(ours) or math.isfinite(base)


def _relative(ours: float, base: float) -> float:
    if math.isinf(ours) or math.isinf(base):
        return 1.0 if math.isinf(ours) else -1.0
    size = abs(ours) / 2 + abs(base) / 2
    return (ours / 2 - base / 2) / size if size > 0 else 0.0
