"""Made-up runs that the tests of comparisons share."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from ayla_service.comparison.runs import RUN, ComparedProblem, ComparedSetting, Runs
from ayla_spec.optimizers.effect import LossCounts

INF = math.inf

PLAIN, AYLA = "SGD", "AYLA-SGD"

OPTIMIZERS: dict[str, dict[str, Any]] = {
    PLAIN: {"name": "sgd", "learning_rate": 0.1, "label": PLAIN, "ayla": None},
    AYLA: {"name": "sgd", "learning_rate": 0.1, "label": AYLA, "ayla": {"n1": 1.0, "n2": 1.4}},
}


@dataclass(frozen=True)
class Run:
    """A run by itself; ``steps`` are those to the goal, ``to_targets`` those to each of many targets."""

    loss: float
    seed: int = 0
    steps: float | None = INF
    diverged: bool | None = None
    steps_done: int = 10
    best_loss: float | None = None
    best_step: int = 10
    wall_seconds: float = 2.0
    ran_alone: bool = False
    loss_counts: LossCounts | None = None
    area: float | None = None
    epochs: float | None = None
    to_targets: tuple[float, ...] | None = None
    whole_parts: Mapping[str, float] = field(default_factory=dict)


def run(loss: float, seed: int = 0, **changes: Any) -> Run:
    """A run with this final loss, which is infinite if it diverged."""
    return Run(loss, seed, **changes)


def runs_of(runs: Iterable[Run], **traits: Any) -> Runs:
    """The runs as columns; what they recorded was read."""
    made = sorted(runs, key=lambda one: one.seed)
    table = np.zeros(len(made), RUN)
    for row, one in zip(table, made, strict=True):
        row["seed"], row["trial"], row["steps_done"], row["best_step"] = (
            one.seed,
            one.seed,
            one.steps_done,
            one.best_step,
        )
        row["diverged"] = one.loss == INF if one.diverged is None else one.diverged
        row["final_loss"], row["best_loss"] = one.loss, one.loss if one.best_loss is None else one.best_loss
        row["wall_seconds"], row["ran_alone"], row["rows"], row["stored_bytes"] = (
            one.wall_seconds,
            one.ran_alone,
            11,
            100,
        )
        counts = one.loss_counts
        row["losses_below_one"], row["losses_above_one"] = (-1, -1) if counts is None else (counts.below, counts.above)
        for name in ("test_loss", "test_accuracy", "full_train_loss", "full_train_accuracy"):
            row[name] = one.whole_parts.get(name, math.nan)
        row["area"] = 10 * one.loss if one.area is None else one.area
        row["steps_to_goal"] = math.nan if one.steps is None else one.steps
        row["epochs_to_goal"] = math.nan if one.epochs is None else one.epochs
    targets = [one.to_targets or (math.nan if one.steps is None else one.steps,) for one in made]
    hits = np.array(targets) if made else np.empty((0, 1))
    return replace(Runs(table, is_read=True, hits=hits), **traits)


def setting(label: str, runs: Sequence[Run], **traits: Any) -> ComparedSetting:
    """A setting with these runs."""
    optimizer = OPTIMIZERS.get(label, {"name": "adam", "learning_rate": 0.1, "label": label, "ayla": None})
    return ComparedSetting(label, optimizer, runs=runs_of(runs, **traits))


def with_columns(runs: Runs, **columns: Any) -> Runs:
    """The same runs with other values in some columns: of each run, or one of all."""
    table = runs.table.copy()
    for name, values in columns.items():
        table[name] = values
    return replace(runs, table=table)


def problem(
    losses: Mapping[str, Sequence[float]], steps: Mapping[str, Sequence[float]] | None = None
) -> ComparedProblem:
    """A problem with the final losses of every label, seed by seed from 0, and the steps to the goal if given."""
    made = ComparedProblem("x**2", 10, "float64", mini_batches=False)
    for label, values in losses.items():
        to_goal = steps[label] if steps else [INF] * len(values)
        runs = [run(loss, seed, steps=to_goal[seed]) for seed, loss in enumerate(values)]
        made.settings[label] = setting(label, runs)
        made.seeds.update(run.seed for run in runs)
    return made
