"""Performance profiles (Dolan & Moré 2002) and data profiles (Moré & Wild 2009) over problems and seeds."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ayla_service.comparison.runs import ComparedProblem, Run, common_labels, independent, labels_of


@dataclass(frozen=True, slots=True)
class Steps:
    """A function that grows by steps: from each place on it has the share beside it; before the first it is 0."""

    places: list[float]
    shares: list[float]


@dataclass(frozen=True, slots=True)
class ProfileCurve:
    """The profile of one setting.

    Attributes:
        label: of the setting.
        best: share of the instances in which it was the fastest, or one of them: the profile at 1.
        solved: share in which it reached the goal at all.
        performance: share solved within τ times the steps of the fastest, over τ.
        data: share solved within so many steps, over steps.
    """

    label: str
    best: float
    solved: float
    performance: Steps
    data: Steps


@dataclass(frozen=True, slots=True)
class Profile:
    """How often each setting was how fast.

    Attributes:
        instances: pairs of a problem and a seed; seeds that are copies of one run count once.
        left_out: labels without a result on every problem.
        curves: one per setting; empty where there is nothing to compare.
        reason: why there are none.
    """

    instances: int
    left_out: list[str]
    curves: list[ProfileCurve]
    reason: str | None


def profile(problems: Sequence[ComparedProblem]) -> Profile:
    """The profiles of all settings that have a result on every problem; courses must have been read.

    Every problem weighs the same, however many seeds it has.
    """
    labels = common_labels(problems)
    left_out = [label for label in labels_of(problems) if label not in labels]
    if len(labels) < 2:
        return Profile(0, left_out, [], "Fewer than two optimizers have a result on every problem.")
    instances = [found for problem in problems if (found := list(_instances(problem, labels)))]
    if not instances:
        return Profile(0, left_out, [], "On no problem is there a seed with a result of every optimizer.")
    steps = np.array([[_steps(run) for run in runs] for found in instances for runs in found])
    weights = np.concatenate([np.full(len(found), 1 / len(found) / len(instances)) for found in instances])
    return Profile(len(steps), left_out, _curves(labels, steps, weights), None)


def _instances(problem: ComparedProblem, labels: Sequence[str]) -> Iterator[list[Run]]:
    """The runs of every label by seed."""
    settings = [problem.settings[label] for label in labels]
    seeds = sorted(set.intersection(*(set(setting.runs) for setting in settings)))
    found = [[setting.runs[seed] for setting in settings] for seed in seeds]
    yield from found if independent(found) else found[:1]


def _steps(run: Run) -> float:
    """Steps to the goal, at least 1: a start that is there already must not make every ratio infinite."""
    return max(1.0, run.value("steps_to_target"))


def _curves(labels: Sequence[str], steps: np.ndarray, weights: np.ndarray) -> list[ProfileCurve]:
    """The curves.

    Args:
        labels: of the settings.
        steps: to the goal, infinite where it was not reached, shape [instances, settings].
        weights: of the instances, shape [instances]; their sum is 1.
    """
    fastest = steps.min(axis=1, keepdims=True)
    ratios = np.divide(steps, fastest, out=np.full_like(steps, math.inf), where=np.isfinite(steps))
    return [
        ProfileCurve(
            label=label,
            best=_share(weights[ratios[:, place] == 1]),
            solved=_share(weights[np.isfinite(steps[:, place])]),
            performance=_growing(ratios[:, place], weights),
            data=_growing(steps[:, place], weights),
        )
        for place, label in enumerate(labels)
    ]


def _growing(values: np.ndarray, weights: np.ndarray) -> Steps:
    """The weight of the finite values up to each of them."""
    finite = np.isfinite(values)
    places, group = np.unique(values[finite], return_inverse=True)
    shares = np.cumsum(np.bincount(group, weights[finite], len(places)))
    return Steps(places.tolist(), [_rounded(share) for share in shares])


def _share(weights: np.ndarray) -> float:
    return _rounded(weights.sum())


def _rounded(share: float) -> float:
    """A sum of weights without the last digits, which are rounding errors."""
    return min(1.0, round(float(share), 12))
