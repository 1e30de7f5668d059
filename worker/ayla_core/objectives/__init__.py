"""Objectives: what is minimized, for a whole batch of trials at once."""

from ayla_core.objectives.base import Evaluation, Objective, SampleLoss
from ayla_core.objectives.expression import ExpressionObjective
from ayla_core.objectives.network import NetworkObjective

__all__ = ["Evaluation", "ExpressionObjective", "NetworkObjective", "Objective", "SampleLoss"]
