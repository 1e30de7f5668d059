"""What the service in memory answers to a reproduction: heat maps, and MNIST as made-up curves of test accuracy."""

import math
from typing import Any, Protocol

from ayla_spec.trials import TrialPlan

from tests.client.trajectories import Columns

STEPS_PER_EPOCH = 1875
ENDS = {"plain": 0.87, "written": 0.875, "reversed": 0.885}


class ResolvedJob(Protocol):
    """A job of the service in memory."""

    resolved: dict[str, Any]
    plans: list[TrialPlan]


def arm(plan: TrialPlan) -> str:
    ayla = plan.settings.ayla
    if ayla is None:
        return "plain"
    return "written" if ayla.n1 > ayla.n2 else "reversed"


def is_mnist(job: ResolvedJob) -> bool:
    problem = job.resolved["problem"]
    return bool(problem["type"] == "dataset" and problem["dataset"]["name"] == "mnist")


def mnist_metrics(plan: TrialPlan, job: ResolvedJob) -> Columns:
    """Test accuracy by epoch, different from seed to seed, higher with a higher rate; nothing of other data."""
    if not is_mnist(job):
        return {}
    epochs = range(1, max(1, job.resolved["budget"]["steps"] // STEPS_PER_EPOCH) + 1)
    end = min(0.98, ENDS[arm(plan)] + 200 * float(plan.settings.learning_rate)) + 1e-3 * plan.seed
    accuracies = [end * (1 - 0.5 * math.exp(-epoch / 20)) for epoch in epochs]
    return {"step": [STEPS_PER_EPOCH * epoch for epoch in epochs], "epoch": [*epochs], "test_accuracy": accuracies}


def mnist_summary(plan: TrialPlan, job: ResolvedJob) -> dict[str, dict[str, float]]:
    """The metrics of a trial after its last step: the loss is the lowest at the rate 0.1, or the nearest to it."""
    if not is_mnist(job):
        return {}
    return {"full_train_loss": {"final": 0.1 + abs(math.log10(float(plan.settings.learning_rate) / 0.1))}}


def heat_map(job: ResolvedJob, losses: list[float]) -> dict[str, Any]:
    """Final losses by both exponents of AYLA."""
    pairs = [(plan.settings.ayla.n1, plan.settings.ayla.n2) for plan in job.plans if plan.settings.ayla is not None]
    by_pair = dict(zip(pairs, losses, strict=True))
    columns, rows = sorted({pair[0] for pair in pairs}), sorted({pair[1] for pair in pairs})
    finite = {pair: loss if math.isfinite(loss) else None for pair, loss in by_pair.items()}
    return {
        "metric": "final_loss",
        "x": {"path": "ayla.n1", "values": columns},
        "y": {"path": "ayla.n2", "values": rows},
        "panels": [{"arm": "AYLA", "cells": [[finite[n1, n2] for n1 in columns] for n2 in rows]}],
    }
