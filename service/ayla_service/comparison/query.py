"""Query of a comparison: its options, and the words that its answers use."""

from dataclasses import dataclass
from functools import partial
from typing import Literal

from ayla_spec.metrics import ResultMetric, WholePartMetric

from ayla_service.errors import ComparisonTooLarge

StepMetric = Literal["steps_to_target", "epochs_to_target"]
"""How long a trial took to a target."""

Metric = Literal[ResultMetric, StepMetric]
TargetMetric = Literal[WholePartMetric, "final_loss", "best_loss", "gap"]
"""What a target can be set for: a number that is known at several steps or epochs of a trial."""

Cost = Literal["steps", "gradient_evaluations", "seconds"]
"""What the way to a target is measured in."""

Unit = Literal["seed", "problem"]
Outcome = Literal["better", "worse", "undecided", "no_statement"]

MAX_JOBS = 200

MAX_TARGETS = 100
"""That a user can name for the ECDF."""

LEAST_CONFIDENCE, MOST_CONFIDENCE = 0.5, 0.999

TOO_LONG = partial(ComparisonTooLarge, advice="Name fewer or smaller jobs.")
"""Makes the error of a comparison that takes too much computing time."""


@dataclass(frozen=True, slots=True)
class ComparisonQuery:
    """Options of a comparison.

    Attributes:
        metric: what settings are tested by; None: each problem by its own default.
        target: the value to reach; None where no steps to a target are asked for.
        confidence: of intervals; a test says 'unlikely to be chance' where its p-value is below one minus this.
        baseline: label of the setting that all others are tested against; None tests AYLA against what it is built on.
        target_metric: what the target is a value of; None: the metric if it can be, else the problem's default.
        minimum: the least possible loss, which gaps are to; None: what is known of the problem.
        targets: the values to reach in the ECDF over many targets; None: between the first and the best value.
        cost: what profiles measure the way to a target in.
        values: whether pairs over seeds tell the values of both on each seed.
    """

    metric: Metric | None = None
    target: float | None = None
    confidence: float = 0.95
    baseline: str | None = None
    target_metric: TargetMetric | None = None
    minimum: float | None = None
    targets: tuple[float, ...] | None = None
    cost: Cost = "steps"
    values: bool = False
