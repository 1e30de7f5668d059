"""What the way to a target costs: steps, evaluations of the gradient, or seconds."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ayla_service.comparison.query import Cost
from ayla_service.comparison.runs import Floats, Runs


def gradients_per_step(optimizer: Mapping[str, Any]) -> int:
    """How often a step evaluates the gradient.

    Once; twice with AYLA on each sample, which evaluates the gradient of the loss beside that of its weighted samples.
    """
    ayla = optimizer.get("ayla")
    return 2 if ayla and ayla.get("transform_on") == "sample" else 1


def cost_per_step(runs: Runs, optimizer: Mapping[str, Any], cost: Cost) -> Floats:
    """What one step of each run costs; seconds are the mean over its steps; shape [runs]."""
    if cost == "steps":
        return np.ones(len(runs))
    if cost == "gradient_evaluations":
        return np.full(len(runs), float(gradients_per_step(optimizer)))
    seconds, steps = runs.table["wall_seconds"], runs.table["steps_done"]
    found: Floats = np.divide(seconds, steps, out=np.full(len(runs), np.inf), where=steps > 0)
    return found


def why_no_seconds(every: Sequence[Runs]) -> str | None:
    """Why the time of these runs is not their own; None if each ran alone and was measured."""
    shared, total = sum(int((~runs.table["ran_alone"]).sum()) for runs in every), sum(map(len, every))
    if shared:
        return (
            f"Seconds are compared only where every trial ran alone: {shared} of {total} did not, or nobody knows. "
            "Ask for steps or gradient_evaluations."
        )
    if any((runs.table["wall_seconds"] <= 0).any() for runs in every):
        return "The seconds of some trials were not measured. Ask for steps or gradient_evaluations."
    return None
