"""Performance profiles (Dolan & Moré 2002) and data profiles (Moré & Wild 2009) over problems and seeds."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from ayla_service.comparison.runs import ComparedProblem, SeedRun, common_labels, independent, labels_of
from ayla_service.comparison.schemas import DataCurve, PerformanceCurve, ProfileCurves, Profiles
from ayla_service.comparison.series import TOLERANCE

_NO_INSTANCE = "On no problem is there a seed with a result of every optimizer and a record of its way to the goal."


def profile(problems: Sequence[ComparedProblem], target: float | None = None) -> Profiles:
    """The profiles of all settings that have a result on every problem; loss curves must have been read.

    Every problem weighs the same, however many seeds it has; seeds that are copies of one run count once.

    Args:
        problems: with the runs of each setting.
        target: the value that the curves were read with; None where the goal is near the best value.
    """
    labels = common_labels(problems)
    left_out = [label for label in labels_of(problems) if label not in labels]
    if len(labels) < 2:
        return _profiles(target, left_out, no_curves="Fewer than two optimizers have a result on every problem.")
    instances = [found for problem in problems if (found := list(_instances(problem, labels)))]
    if not instances:
        return _profiles(target, left_out, no_curves=_NO_INSTANCE)
    steps = np.array([[_steps(run) for run in runs] for found in instances for runs in found])
    weights = np.concatenate([np.full(len(found), 1 / len(found) / len(instances)) for found in instances])
    return _profiles(target, left_out, len(steps), _curves(labels, steps, weights))


def _profiles(
    target: float | None,
    left_out: list[str],
    instances: int = 0,
    curves: Sequence[ProfileCurves] = (),
    no_curves: str | None = None,
) -> Profiles:
    return Profiles(
        measure="steps_to_near_best" if target is None else "steps_to_target",
        tolerance=TOLERANCE if target is None else None,
        instances=instances,
        left_out=left_out,
        curves=list(curves),
        no_curves=no_curves,
    )


def _instances(problem: ComparedProblem, labels: Sequence[str]) -> Iterator[list[SeedRun]]:
    """The runs of every label by seed, where of all of them the way to the goal is recorded."""
    settings = [problem.settings[label] for label in labels]
    seeds = sorted(set.intersection(*(set(setting.runs) for setting in settings)))
    found = [[setting.runs[seed] for setting in settings] for seed in seeds]
    found = [runs for runs in found if all(run.value("steps_to_target") is not None for run in runs)]
    yield from found if independent(found) else found[:1]


def _steps(run: SeedRun) -> float:
    """Steps to the goal, at least 1: a start that is there already must not make every ratio infinite."""
    steps = run.value("steps_to_target")
    return math.inf if steps is None else max(1.0, steps)


def _curves(labels: Sequence[str], steps: np.ndarray, weights: np.ndarray) -> list[ProfileCurves]:
    """The curves.

    Args:
        labels: of the settings.
        steps: to the goal, infinite where it was not reached, shape [instances, settings].
        weights: of the instances, shape [instances]; their sum is 1.
    """
    fastest = steps.min(axis=1, keepdims=True)
    ratios = np.divide(steps, fastest, out=np.full_like(steps, math.inf), where=np.isfinite(steps))
    return [
        ProfileCurves(
            label=label,
            best=_rounded(weights[ratios[:, place] == 1].sum()),
            solved=_rounded(weights[np.isfinite(steps[:, place])].sum()),
            performance=_performance(ratios[:, place], weights),
            data=_data(steps[:, place], weights),
        )
        for place, label in enumerate(labels)
    ]


def _performance(ratios: np.ndarray, weights: np.ndarray) -> PerformanceCurve:
    tau, share = _growing(ratios, weights)
    return PerformanceCurve(tau=tau, share=share)


def _data(steps: np.ndarray, weights: np.ndarray) -> DataCurve:
    places, share = _growing(steps, weights)
    return DataCurve(steps=[int(place) for place in places], share=share)


def _growing(values: np.ndarray, weights: np.ndarray) -> tuple[list[float], list[float]]:
    """A step function: the finite values in order, and the weight of the values up to each of them."""
    finite = np.isfinite(values)
    places, group = np.unique(values[finite], return_inverse=True)
    shares = np.cumsum(np.bincount(group, weights[finite], len(places)))
    return places.tolist(), [_rounded(share) for share in shares]


def _rounded(share: float) -> float:
    """A sum of weights without the last digits, which are rounding errors."""
    return min(1.0, round(float(share), 12))
