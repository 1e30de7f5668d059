"""What the way to a target costs: steps, evaluations of the gradient, or seconds."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ayla_service.comparison.query import Cost
from ayla_service.comparison.runs import SeedRun


def gradients_per_step(optimizer: Mapping[str, Any]) -> int:
    """How often a step evaluates the gradient.

    Once; twice with AYLA on each sample, which evaluates the gradient of the loss beside that of its weighted samples.
    """
    ayla = optimizer.get("ayla")
    return 2 if ayla and ayla.get("transform_on") == "sample" else 1


def cost_per_step(run: SeedRun, optimizer: Mapping[str, Any], cost: Cost) -> float:
    """What one step of a run costs; seconds are the mean over its steps."""
    if cost == "steps":
        return 1.0
    if cost == "gradient_evaluations":
        return float(gradients_per_step(optimizer))
    return run.wall_seconds / run.steps_done if run.steps_done else math.inf


def why_no_seconds(runs: Sequence[SeedRun]) -> str | None:
    """Why the time of these runs is not their own; None if each ran alone and was measured."""
    shared = sum(not run.ran_alone for run in runs)
    if shared:
        return (
            f"Seconds are compared only where every trial ran alone: {shared} of {len(runs)} did not, or nobody knows. "
            "Ask for steps or gradient_evaluations."
        )
    if any(run.wall_seconds <= 0 for run in runs):
        return "The seconds of some trials were not measured. Ask for steps or gradient_evaluations."
    return None
