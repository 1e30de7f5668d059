"""Made-up runs that the tests of comparisons share."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ayla_service.comparison.runs import ComparedProblem, ComparedSetting, LossCurve, SeedRun

INF = math.inf

PLAIN, AYLA = "SGD", "AYLA-SGD"

OPTIMIZERS: dict[str, dict[str, Any]] = {
    PLAIN: {"name": "sgd", "learning_rate": 0.1, "label": PLAIN, "ayla": None},
    AYLA: {"name": "sgd", "learning_rate": 0.1, "label": AYLA, "ayla": {"n1": 1.0, "n2": 1.4}},
}


def run(loss: float, seed: int = 0, *, label: str = PLAIN, steps: float = INF, **changes: Any) -> SeedRun:
    """A run with this final loss, which is infinite if it diverged; ``steps`` are those to the goal."""
    values: dict[str, Any] = {
        "trial_id": f"{label}/{seed}",
        "problem": 0,
        "label": label,
        "seed": seed,
        "diverged": loss == INF,
        "steps_done": 10,
        "final_loss": loss,
        "best_loss": loss,
        "best_step": 10,
        "wall_seconds": 2.0,
        "rows": 11,
        "stored_bytes": 100,
        "curve": LossCurve(area=10 * loss, steps_to_goal=steps, steps_to_targets=(steps,)),
    }
    return SeedRun(**values | changes)


def setting(label: str, runs: Sequence[SeedRun]) -> ComparedSetting:
    """A setting with these runs."""
    optimizer = OPTIMIZERS.get(label, {"name": "adam", "learning_rate": 0.1, "label": label, "ayla": None})
    return ComparedSetting(label, optimizer, runs={run.seed: run for run in runs})


def problem(
    losses: Mapping[str, Sequence[float]], steps: Mapping[str, Sequence[float]] | None = None
) -> ComparedProblem:
    """A problem with the final losses of every label, seed by seed from 0, and the steps to the goal if given."""
    made = ComparedProblem("x**2", 10, "float64", mini_batches=False)
    for label, values in losses.items():
        to_goal = steps[label] if steps else [INF] * len(values)
        runs = [run(loss, seed, label=label, steps=to_goal[seed]) for seed, loss in enumerate(values)]
        made.settings[label] = setting(label, runs)
        made.seeds.update(run.seed for run in runs)
    return made
