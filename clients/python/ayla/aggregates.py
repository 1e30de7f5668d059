"""The service's numbers over all problems and seeds of several jobs; nothing is computed here."""

from __future__ import annotations

from ayla.models.base import ResponseModel


class NominalInterval(ResponseModel):
    """Interval about other seeds on the same problems; the service's docs tell how often such intervals cover."""

    low: float
    high: float
    confidence: float


class EstimateOverProblems(ResponseModel):
    """A number over several problems, each of the same weight.

    Attributes:
        value: the estimate.
        problems: how many there are.
        pairs: independent pairs of runs with equal seeds, on all of them together.
        interval: None: ``no_interval`` says why.
    """

    value: float
    problems: int
    pairs: int
    interval: NominalInterval | None = None
    no_interval: str | None = None


class AggregatedPair(ResponseModel):
    """One optimizer, or arm, against another over all problems and seeds.

    Attributes:
        label: of the setting, or name of the arm.
        base_label: of what it is compared with.
        compared_as: "ayla": AYLA against the same setting without it; "baseline": against the baseline asked for.
        interquartile_mean: mean of the middle half of the relative differences, below 0 if the setting is better (of
            accuracies above 0); None without any.
        improvement: probability that a run does better than one of the base on the same problem; None without any.
        statement: both in words.
    """

    label: str
    base_label: str
    compared_as: str
    interquartile_mean: EstimateOverProblems | None = None
    improvement: EstimateOverProblems | None = None
    statement: str
