"""Objectives: what is minimized, for a whole batch of trials at once."""

from collections.abc import Sequence

from ayla_spec.problems import DatasetProblem, ExpressionProblem

from ayla_core.layout import Layout
from ayla_core.objectives.base import Evaluation, Objective, Samples
from ayla_core.objectives.expression import ExpressionObjective
from ayla_core.objectives.regression import RegressionObjective

__all__ = ["Evaluation", "Objective", "Samples", "build_objective"]


def build_objective(problem: ExpressionProblem | DatasetProblem, seeds: Sequence[int], layout: Layout) -> Objective:
    """The objective of a resolved problem, for trials with these seeds."""
    match problem:
        case ExpressionProblem():
            return ExpressionObjective(problem, len(seeds), layout)
        case DatasetProblem():
            return RegressionObjective(problem, seeds, layout)
