"""Performance profiles (Dolan & Moré 2002), data profiles (Moré & Wild 2009) and ECDFs over problems and seeds."""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ayla_service.comparison.costs import cost_per_step, why_no_seconds
from ayla_service.comparison.ecdf import ecdf, growing, rounded
from ayla_service.comparison.profile_schemas import DataCurve, PerformanceCurve, ProfileCurves, Profiles
from ayla_service.comparison.query import ComparisonQuery
from ayla_service.comparison.runs import ComparedProblem, Floats, Runs, common_labels, independent, labels_of
from ayla_service.comparison.series import TOLERANCE
from ayla_service.comparison.targets import TARGETS

_NO_INSTANCE = "On no problem is there a seed with a result of every optimizer and a record of its way to the goal."


@dataclass(frozen=True, slots=True)
class _Costs:
    """What the ways to the goals cost.

    Attributes:
        to_goal: infinite where it was not reached, shape [instances, settings].
        to_targets: likewise, shape [instances, settings, targets].
        per_step: of each run, shape [instances, settings].
        budgets: of each run, same shape.
        weights: of the instances, shape [instances]; their sum is 1.
    """

    to_goal: Floats
    to_targets: Floats
    per_step: Floats
    budgets: Floats
    weights: Floats


def profile(problems: Sequence[ComparedProblem], query: ComparisonQuery | None = None) -> Profiles:
    """The profiles of all settings that have a result on every problem; loss curves must have been read.

    Every problem weighs the same, however many seeds it has; seeds that are copies of one run count once.

    Args:
        problems: with the runs of each setting.
        query: the target and targets that the curves were read with, and the cost.
    """
    query = query or ComparisonQuery()
    labels = common_labels(problems)
    left_out = [label for label in labels_of(problems) if label not in labels]
    if len(labels) < 2:
        return _profiles(query, left_out, no_curves="Fewer than two optimizers have a result on every problem.")
    instances = [(problem, found) for problem in problems if len((found := _instances(problem, labels))[0])]
    if not instances:
        return _profiles(query, left_out, no_curves=_NO_INSTANCE)
    runs = [side for _, found in instances for side in found]
    if query.cost == "seconds" and (reason := why_no_seconds(runs)) is not None:
        return _profiles(query, left_out, no_curves=reason)
    costs = _costs(instances, labels, query)
    return _profiles(query, left_out, costs, _curves(labels, costs, query))


def _profiles(
    query: ComparisonQuery,
    left_out: list[str],
    costs: _Costs | None = None,
    curves: Sequence[ProfileCurves] = (),
    no_curves: str | None = None,
) -> Profiles:
    return Profiles(
        measure="steps_to_near_best" if query.target is None else "steps_to_target",
        tolerance=TOLERANCE if query.target is None else None,
        cost=query.cost,
        end=None if costs is None else float(costs.budgets.max()),
        targets=TARGETS if query.targets is None else len(query.targets),
        targets_from="first_to_best" if query.targets is None else "request",
        instances=0 if costs is None else len(costs.weights),
        left_out=left_out,
        curves=list(curves),
        no_curves=no_curves,
    )


def _instances(problem: ComparedProblem, labels: Sequence[str]) -> list[Runs]:
    """The runs of every label on the same seeds: those on which of all of them the way to the goal is recorded."""
    sides = [problem.settings[label].runs for label in labels]
    seeds = functools.reduce(np.intersect1d, (side.seeds for side in sides))
    sides = [side.on(seeds) for side in sides]
    recorded = np.logical_and.reduce([~np.isnan(side.values("steps_to_target")) for side in sides])
    sides = [side.at(recorded) for side in sides]
    return sides if independent(*sides) else [side.at(slice(1)) for side in sides]


def _costs(
    instances: Sequence[tuple[ComparedProblem, list[Runs]]], labels: Sequence[str], query: ComparisonQuery
) -> _Costs:
    """What it took; at least one step, as a start that is there already must not make every ratio infinite."""
    optimizers = [[problem.settings[label].optimizer for label in labels] for problem, _ in instances]
    per_step = np.vstack(
        [
            np.column_stack([cost_per_step(*one, query.cost) for one in zip(sides, settings, strict=True)])
            for (_, sides), settings in zip(instances, optimizers, strict=True)
        ]
    )
    steps = np.vstack([np.column_stack([side.values("steps_to_target") for side in sides]) for _, sides in instances])
    each = np.concatenate([np.stack([_to_targets(side) for side in sides], axis=1) for _, sides in instances])
    budgets = np.concatenate([np.full((len(sides[0]), 1), float(problem.steps)) for problem, sides in instances])
    weights = [np.full(len(sides[0]), 1 / len(sides[0]) / len(instances)) for _, sides in instances]
    return _Costs(
        to_goal=np.maximum(steps, 1.0) * per_step,
        to_targets=np.maximum(each, 1.0) * per_step[:, :, None],
        per_step=per_step,
        budgets=budgets * per_step,
        weights=np.concatenate(weights),
    )


def _to_targets(runs: Runs) -> Floats:
    """The steps to each of many targets, shape [runs, targets]; none where these were not read."""
    return np.empty((len(runs), 0)) if runs.hits is None else runs.hits


def _curves(labels: Sequence[str], costs: _Costs, query: ComparisonQuery) -> list[ProfileCurves]:
    """The curves of each label."""
    to_goal, weights = costs.to_goal, costs.weights
    fastest = to_goal.min(axis=1, keepdims=True)
    ratios = np.divide(to_goal, fastest, out=np.full_like(to_goal, math.inf), where=np.isfinite(to_goal))
    begin, end = float(costs.per_step.min()), float(costs.budgets.max())
    return [
        ProfileCurves(
            label=label,
            best=rounded(float(weights[ratios[:, place] == 1].sum())),
            solved=rounded(float(weights[np.isfinite(to_goal[:, place])].sum())),
            performance=_performance(ratios[:, place], weights),
            data=_data(to_goal[:, place], weights, query),
            ecdf=ecdf(costs.to_targets[:, place], weights, begin, end, len(labels)),
        )
        for place, label in enumerate(labels)
    ]


def _performance(ratios: Floats, weights: Floats) -> PerformanceCurve:
    tau, share = growing(ratios, weights)
    return PerformanceCurve(tau=tau, share=share)


def _data(costs: Floats, weights: Floats, query: ComparisonQuery) -> DataCurve:
    places, share = growing(costs, weights)
    steps = [int(place) for place in places] if query.cost == "steps" else []
    return DataCurve(steps=steps, cost=places, share=share)
