"""Query of a comparison: its options, and the words that its answers use."""

from dataclasses import dataclass
from typing import Literal

Metric = Literal["final_loss", "best_loss", "steps_to_target", "area_under_curve"]
Unit = Literal["seed", "problem"]
Outcome = Literal["better", "worse", "undecided", "no_statement"]

MAX_JOBS = 50

LEAST_CONFIDENCE, MOST_CONFIDENCE = 0.5, 0.999


@dataclass(frozen=True, slots=True)
class ComparisonQuery:
    """Options of a comparison.

    Attributes:
        metric: what settings are tested by; lower is better in all of them.
        target: the loss to reach; None where no steps to a target are asked for.
        confidence: of intervals; a test says 'unlikely to be chance' where its p-value is below one minus this.
        baseline: label of the setting that all others are tested against; None tests AYLA against what it is built on.
    """

    metric: Metric = "final_loss"
    target: float | None = None
    confidence: float = 0.95
    baseline: str | None = None
