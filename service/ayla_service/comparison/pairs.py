"""Pairs of runs of two optimizer settings: on the same seeds of a problem, or on the same problems."""

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ayla_service.comparison.metrics import is_to_target, more_is_better, why_not
from ayla_service.comparison.query import Metric
from ayla_service.comparison.runs import ComparedProblem, ComparedSetting, Runs, independent
from ayla_service.trials.quantiles import median

_DIGITS = 12
"""Of differences of accuracies: far finer than one sample of the largest dataset, far coarser than rounding."""

Pair = tuple[float, float]
"""A value of the setting and one of its base; less is better."""

Both = tuple[Runs, Runs]
"""Runs of the setting and of its base, on the same seeds."""


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
        differences: setting minus base where at least one is finite, below 0 where the setting is better: of seeds as
            they are, of gaps in powers of ten, of problems relative to the size of the two.
        metric: what the values are of; None where problems differ in it.
        unreached: seeds, or problems, on which neither reached the target. Both values are censored, so they are no
            pair.
        not_recorded: seeds, or problems, on which one of the two lacks the metric; they are no pairs either.
        reason: why no trial has the metric; None if some could.
        originals: what the setting and its base are copies of; None if that is not looked at. Tests that agree in it
            are one test.
    """

    match: Match
    count: int
    values: list[Pair]
    differences: list[float]
    metric: Metric | None = "final_loss"
    unreached: int = 0
    not_recorded: int = 0
    reason: str | None = None
    originals: tuple[Hashable, Hashable] | None = None


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


def over_seeds(problem: ComparedProblem, match: Match, metric: Metric | None = None) -> Pairs:
    """The two settings on the seeds of one problem that both have.

    Args:
        problem: with its runs.
        match: the two settings.
        metric: None: what the problem is judged by.
    """
    metric = metric or problem.metric
    both = _both(problem, match)
    kept, known = _known(problem, both, metric)
    values, count = _reached(known, metric), _count(both)
    return Pairs(
        match,
        count=count,
        values=values,
        differences=[_difference(ours, base, metric) for ours, base in values if _differ(ours, base)],
        metric=metric,
        unreached=len(known) - len(values),
        not_recorded=kept - len(known) if known else count,
        reason=why_not(problem, metric),
    )


def over_problems(problems: Sequence[ComparedProblem], match: Match, metric: Metric | None = None) -> Pairs:
    """The two settings on the problems that both have, each by the medians over the seeds that both have.

    Values of different problems have different scales, so a difference is relative: (a - b) / (|a| + |b|), from -1
    to 1, where diverging is as far away as can be.

    Args:
        problems: with their runs.
        match: the two settings.
        metric: None: what each problem is judged by.
    """
    common = [(problem, both) for problem in problems if _count(both := _both(problem, match))]
    medians: list[Pair] = []
    values: list[Pair] = []
    for problem, both in common:
        used = metric or problem.metric
        _, known = _known(problem, both, used)
        if known:
            medians.append((median([ours for ours, _ in known]), median([base for _, base in known])))
            values += _reached(medians[-1:], used)
    used_metrics = {metric or problem.metric for problem, _ in common}
    return Pairs(
        match,
        count=len(common),
        values=values,
        differences=[_relative(ours, base) for ours, base in values if _differ(ours, base)],
        metric=used_metrics.pop() if len(used_metrics) == 1 else None,
        unreached=len(medians) - len(values),
        not_recorded=len(common) - len(medians),
    )


def by_problem(problems: Sequence[ComparedProblem], match: Match, metric: Metric | None = None) -> list[list[Pair]]:
    """The values on the independent seeds on which both settings have the metric, of each problem with such seeds."""
    found = (_known(problem, _both(problem, match), metric or problem.metric)[1] for problem in problems)
    return [values for values in found if values]


def relative_differences(pairs: Sequence[Pair], metric: Metric) -> list[float]:
    """Of each pair (a - b) / (|a| + |b|), from -1 to 1; 0 where both diverged, nothing where neither was reached."""
    return [_relative(ours, base) if _differ(ours, base) else 0.0 for ours, base in _reached(pairs, metric)]


def seed_values(problem: ComparedProblem, match: Match) -> list[tuple[int, float, float]]:
    """The independent seeds on which both settings have the metric of the problem, with the values of both.

    Those on which neither reached the target are left out: both values are censored, so they are no pair.
    """
    both = _both(problem, match)
    if both is None or why_not(problem, problem.metric) is not None:
        return []
    ours, base = _independent(both)
    values = (side.values(problem.metric).tolist() for side in (ours, base))
    found = zip(ours.seeds.tolist(), *values, strict=True)
    known = [one for one in found if not math.isnan(one[1]) and not math.isnan(one[2])]
    return [one for one in known if _reached([(one[1], one[2])], problem.metric)]


def _independent(both: Both) -> Both:
    """The runs, or the first of each where the seeds make no difference."""
    return both if independent(*both) else (both[0].at(slice(1)), both[1].at(slice(1)))


def _known(problem: ComparedProblem, both: Both | None, metric: Metric) -> tuple[int, list[Pair]]:
    """How many seeds are independent, and the values on those of which both settings have the metric."""
    if both is None:
        return 0, []
    kept = _independent(both)
    if why_not(problem, metric) is not None:
        return len(kept[0]), []
    values = np.column_stack([side.values(metric) for side in kept])
    found: list[Pair] = list(map(tuple, values[~np.isnan(values).any(axis=1)].tolist()))
    return len(values), found


def _reached(values: Sequence[Pair], metric: Metric) -> list[Pair]:
    """The pairs of which at least one is known: of two that miss the target nobody knows which is later."""
    return [pair for pair in values if _differ(*pair) or not is_to_target(metric)]


def _both(problem: ComparedProblem, match: Match) -> Both | None:
    """The runs of the two settings on the seeds that both have; None where the problem lacks one of the settings."""
    ours, base = problem.settings.get(match.label), problem.settings.get(match.base_label)
    return None if ours is None or base is None else on_common_seeds(ours.runs, base.runs)


def on_common_seeds(ours: Runs, base: Runs) -> Both:
    """The runs of two settings on the seeds that both have, seed by seed."""
    if np.array_equal(ours.seeds, base.seeds):
        return ours, base
    _, places, base_places = np.intersect1d(ours.seeds, base.seeds, assume_unique=True, return_indices=True)
    return ours.at(places), base.at(base_places)


def _count(both: Both | None) -> int:
    return 0 if both is None else len(both[0])


def _differ(ours: float, base: float) -> bool:
    """Whether there is a difference to speak of: two trials that both diverged have none."""
    return math.isfinite(ours) or math.isfinite(base)


def _difference(ours: float, base: float, metric: Metric) -> float:
    """Setting minus base; of gaps in powers of ten, where one without a logarithm is infinitely far below any other.

    Accuracies are numbers of samples divided by their count: differences by as many samples are equal, too, in floats.
    """
    if metric != "gap" or ours == base:
        return round(ours - base, _DIGITS) if more_is_better(metric) else ours - base
    if min(ours, base) <= 0:
        return math.copysign(math.inf, ours - base)
    return math.log10(ours) - math.log10(base)


def _relative(ours: float, base: float) -> float:
    if math.isinf(ours) or math.isinf(base):
        return 1.0 if math.isinf(ours) else -1.0
    size = abs(ours) / 2 + abs(base) / 2
    return (ours / 2 - base / 2) / size if size > 0 else 0.0
