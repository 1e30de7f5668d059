"""Answers over all problems and seeds: interquartile mean and probability of improvement."""

from typing import Literal

from pydantic import Field

from ayla_service.schemas import FrozenModel


class NominalInterval(FrozenModel):
    """Confidence interval about other seeds on the same problems; how often such intervals cover is measured."""

    low: float
    high: float
    confidence: float = Field(
        description="What was asked for. docs/comparison.md tells how often it was attained, by number of seeds."
    )


class EstimateOverProblems(FrozenModel):
    """A number over several problems, each of the same weight however many seeds it has."""

    value: float
    problems: int
    pairs: int = Field(description="Independent pairs of runs with equal seeds, on all these problems together.")
    interval: NominalInterval | None = Field(description="Null: see no_interval.")
    no_interval: str | None = Field(description="Why there is no interval.")


class AggregatedPair(FrozenModel):
    """An optimizer against another over all problems and seeds. It tells about these problems with other seeds.

    The pairs over problems tell about other problems.
    """

    label: str
    base_label: str
    compared_as: Literal["ayla", "baseline"]
    interquartile_mean: EstimateOverProblems | None = Field(
        description="Mean of the middle half of the relative differences (a - b) / (|a| + |b|) of all seeds on all "
        "problems, below 0 if the optimizer is better (of accuracies above 0); ±1 where one alone diverged, 0 where "
        "both did. Null without any."
    )
    improvement: EstimateOverProblems | None = Field(
        description="Probability that a run of the optimizer has a better value than a run of the base on the same "
        "problem, ties and two that diverged counting half; mean over the problems. Null without any."
    )
    statement: str = Field(
        description="Both in words.",
        examples=[
            (
                "On 12 problems AYLA-SGD does better than SGD with probability 0.42 (95 % interval 0.37 to 0.47); "
                "interquartile mean of the relative differences +0.031 (95 % interval +0.012 to +0.055)."
            )
        ],
    )
