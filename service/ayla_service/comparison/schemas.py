"""Comparisons as the API takes and answers them. Null where a number is infinite or there is none."""

import math
from typing import Annotated, Any, Literal, Self, get_args

from ayla_spec.model import SpecModel
from ayla_spec.optimizers import OptimizerSettings
from ayla_spec.text import NORMAL
from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema

from ayla_service.comparison.profile_schemas import Profiles
from ayla_service.comparison.protocol_request import ProtocolRequest
from ayla_service.comparison.query import (
    LEAST_CONFIDENCE,
    MAX_JOBS,
    MAX_TARGETS,
    MOST_CONFIDENCE,
    ComparisonQuery,
    Cost,
    Metric,
    Outcome,
    TargetMetric,
    Unit,
)
from ayla_service.schemas import FiniteInJson, FrozenModel, Id
from ayla_service.states import JobState

MAX_LABEL = 250

Infinity = Literal["-inf", "inf"]

METRIC = (
    "What settings are tested by. Null or left out: 'test_loss' where there is a test part, 'full_train_loss' of other "
    "datasets, 'final_loss' of expressions; each problem has its own. More is better in accuracies, less in all others."
)
TARGET = "The value to reach; 'steps_to_target' and 'epochs_to_target' need it. Accuracies reach it from below."
TARGET_METRIC = (
    "What the target is a value of. Null or left out: the metric, if it has a value at several steps or epochs of a "
    "trial, else the problem's default."
)
MINIMUM = "The least possible loss, which 'gap' is to. Default: what is known of an expression of the catalogue."
CONFIDENCE = "Of the intervals; a test below one minus this is called unlikely to be chance."
TARGETS = (
    "Values of the target metric to reach in the ECDF. Default: 50 from the first value to the best of each instance."
)
COST = "What profiles are measured in; 'seconds' only where every trial ran alone."
VALUES = "Whether each pair over seeds tells the values of both on each seed, which its numbers are made of."
BASELINE = "Label of an optimizer that all others are tested against too. Default: AYLA against what it is built on."


AskedMetric = Annotated[Metric | None, WithJsonSchema({"type": "string", "enum": [*get_args(Metric)]})]
"""A metric, or None for the default; the schema is that of before, when one metric was the default of all problems."""


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


def _distinct(job_ids: list[str]) -> list[str]:
    if len(set(job_ids)) < len(job_ids):
        raise ValueError("must not name a job twice")
    return job_ids


class ComparisonRequest(SpecModel):
    """Which jobs to compare, and how."""

    job_ids: Annotated[
        list[Annotated[Id, StringConstraints(max_length=100)]],
        Field(min_length=1, max_length=MAX_JOBS, fail_fast=True, description="Jobs of the team, each once."),
        AfterValidator(_distinct),
    ]
    metric: AskedMetric = Field(None, description=METRIC, json_schema_extra=_without_default)
    target: float | None = Field(None, description=TARGET)
    target_metric: TargetMetric | None = Field(None, description=TARGET_METRIC)
    minimum: float | None = Field(None, description=MINIMUM)
    confidence: float = Field(0.95, ge=LEAST_CONFIDENCE, le=MOST_CONFIDENCE, description=CONFIDENCE)
    baseline: Annotated[str | None, NORMAL] = Field(
        None, max_length=MAX_LABEL, description=f"{BASELINE} With a protocol it is an arm."
    )
    targets: list[float] | None = Field(None, min_length=1, max_length=MAX_TARGETS, fail_fast=True, description=TARGETS)
    cost: Cost = Field("steps", description=COST)
    values: bool = Field(default=False, description=VALUES)
    protocol: ProtocolRequest | None = Field(
        None,
        description="Compare arms on the confirmation seeds, each with the setting that is best on the tuning seeds. "
        "Null or left out: each setting is compared on all its seeds.",
    )

    @property
    def query(self) -> ComparisonQuery:
        """How to compare."""
        targets = None if self.targets is None else tuple(self.targets)
        return ComparisonQuery(
            self.metric,
            self.target,
            self.confidence,
            self.baseline,
            self.target_metric,
            self.minimum,
            targets,
            self.cost,
            self.values,
        )


def _infinity(value: float) -> Infinity | None:
    return None if math.isfinite(value) else "inf" if value > 0 else "-inf"


class ConfidenceInterval(FrozenModel):
    """Confidence interval of a median, between two of the values."""

    low: FiniteInJson = Field(description="Null if it is infinite: too many trials diverged or did not get there.")
    high: FiniteInJson = Field(description="Null likewise.")
    low_infinity: Infinity | None = Field(description="Which infinity the lower end is, if it is one.")
    high_infinity: Infinity | None = Field(description="Likewise the upper end.")
    coverage: float = Field(
        description="How often such an interval covers the median: at least the confidence asked for. Exact for "
        "continuous values; ties make it larger."
    )

    @classmethod
    def of(cls, low: float, high: float, coverage: float) -> Self:
        """The interval between two values, of which either can be infinite."""
        return cls(
            low=low,
            high=high,
            low_infinity=_infinity(low),
            high_infinity=_infinity(high),
            coverage=coverage,
        )


class Distribution(FrozenModel):
    """Order statistics over independent runs, in which those that diverged, or did not get there, are infinite."""

    values: int = Field(description="Independent runs.")
    finite: int = Field(description="Runs with a finite value; for steps to the target, those that reached it.")
    median: FiniteInJson = Field(description="Null if it is infinite; likewise the others.")
    lower_quartile: FiniteInJson
    upper_quartile: FiniteInJson
    min: FiniteInJson
    max: FiniteInJson
    interval: ConfidenceInterval | None = Field(description="Of the median. Null: see no_interval.")
    no_interval: str | None = Field(description="Why there is no interval.")
    more_is_better: bool = Field(
        description="Whether larger values are better, as of accuracies. What diverged is the worst there is, so its "
        "infinity is negative then."
    )


class ComparedOptimizer(FrozenModel):
    """An optimizer setting over its seeds."""

    label: str
    optimizer: OptimizerSettings
    varies: bool = Field(description="Whether the jobs have different settings under this label; the first is shown.")
    seeds: int = Field(description="Trials that ended with a result.")
    runs: int = Field(description="Independent runs among them: one where the seeds make no difference.")
    diverged: int = Field(description="Trials among the seeds that diverged.")
    unfinished: int = Field(description="Trials left out: not ended yet, failed or cancelled.")
    not_recorded: int = Field(description="Trials with a result that lack the metric that the problem is judged by.")
    value: Distribution | None = Field(
        description="Of the metric that the problem is judged by. Null where it is not recorded."
    )
    final_loss: Distribution | None = Field(
        description="Loss after the last step; with mini-batches that of a single one, by which nothing is decided. "
        "Null without a result."
    )
    best_loss: Distribution | None = Field(description="Lowest loss of all steps; with mini-batches likewise.")
    test_loss: Distribution | None = Field(
        description="Loss on the whole test part after the last step. Null where it is not recorded."
    )
    test_accuracy: Distribution | None = Field(description="Accuracy likewise.")
    full_train_loss: Distribution | None = Field(description="Loss on the whole training part, likewise.")
    full_train_accuracy: Distribution | None = Field(description="Accuracy on it, likewise.")
    gap: Distribution | None = Field(
        description="Final loss minus the known minimum. Null where none is known, and with mini-batches."
    )
    area_under_curve: Distribution | None = Field(
        description="Area under the recorded loss over the steps, by the trapezoid rule; infinite if diverged. Null "
        "where too few mini-batches are recorded."
    )
    steps_to_target: Distribution | None = Field(
        description="First recorded step, or evaluated one, at which the target is reached. Null if there is no "
        "target, or no record of what it is a value of."
    )
    epochs_to_target: Distribution | None = Field(description="Likewise in epochs. Null of expressions too.")
    wall_seconds: FiniteInJson = Field(
        description="Median over the trials that completed; trials side by side share time."
    )
    steps_per_second: FiniteInJson = Field(description="Median over the trials whose time was measured.")
    notes: list[str] = Field(
        description="Which exponents had no effect in any of its trials.",
        examples=[["N2 had no effect, as the loss was above 1 in size on no step."]],
    )
    copy_of: str | None = Field(
        description="Label of the first optimizer here that took the same course in every trial, as the two differ "
        "only in exponents that had no effect. Null if none did, or if it is not known."
    )


class SignTest(FrozenModel):
    """The exact two-sided sign test on wins and losses."""

    p_value: float
    adjusted: float = Field(description="After Holm's correction.")


class RankTest(FrozenModel):
    """Wilcoxon's two-sided signed-rank test on the differences."""

    pairs: int = Field(description="Differences that are not zero.")
    statistic: float = Field(description="Sum of the ranks of the pairs that were won.")
    exact: bool = Field(description="Whether all signs were counted; else by the normal approximation.")
    p_value: float
    adjusted: float = Field(description="After Holm's correction.")


class SeedValues(FrozenModel):
    """What an optimizer and its base reached with one seed, by the metric of their problem."""

    seed: int
    value: FiniteInJson = Field(description="Of the optimizer. Null if it diverged or did not reach the target.")
    base: FiniteInJson = Field(description="Of its base, likewise.")


class PairComparison(FrozenModel):
    """An optimizer against another, pair by pair. In a pair whoever diverged lost."""

    label: str
    base_label: str
    compared_as: Literal["ayla", "baseline"] = Field(
        description="'ayla': with AYLA against the same without it; 'baseline': against the baseline asked for."
    )
    unit: Unit = Field(description="What makes a pair: a seed that both have, or a problem, by medians over its seeds.")
    count: int = Field(description="Seeds, or problems, with a result of both.")
    pairs: int = Field(description="Independent pairs: one where the seeds make no difference.")
    unreached: int = Field(description="Seeds, or problems, on which neither reached the target; they are no pairs.")
    not_recorded: int = Field(
        description="Seeds, or problems, on which one of the two lacks the metric; they are no pairs."
    )
    wins: int
    losses: int
    ties: int = Field(description="Pairs in which both did equally well, or both diverged.")
    superiority: float | None = Field(
        description="Probability of superiority: (wins + ties / 2) / pairs. Null without pairs."
    )
    median_difference: FiniteInJson = Field(
        description="Optimizer minus base, below 0 if less is better and it is; of gaps the difference of their "
        "decimal logarithms; over problems relative: (a - b) / (|a| + |b|), below 0 for the better where problems are "
        "judged by several metrics. Null if infinite, or if there is none."
    )
    interval: ConfidenceInterval | None = Field(description="Of the median difference. Null: see no_interval.")
    no_interval: str | None = Field(description="Why there is no interval.")
    sign_test: SignTest | None = Field(description="Null with fewer than two pairs, which say nothing about chance.")
    rank_test: RankTest | None = Field(description="Null likewise.")
    tests: int = Field(description="How many tests Holm's correction is for; 0 without a test.")
    family: str | None = Field(
        description="Which tests these are, in words. Null without a test.",
        examples=["the 8 tests over seeds of this answer"],
    )
    outcome: Outcome = Field(
        description="'better' and 'worse' if the adjusted sign test is below one minus the confidence."
    )
    verdict: str = Field(
        description="The outcome in words.",
        examples=[
            "AYLA-Adam ended lower than Adam on 9 of 10 seeds: unlikely to be chance (exact sign test, p = 0.021)."
        ],
    )
    values: list[SeedValues] | None = Field(
        None, description="Both on each of the independent pairs. Null over problems, and unless 'values' asks for it."
    )


class _Judged(FrozenModel):
    """By what the optimizers on a problem are judged."""

    metric: Metric = Field(description="As asked for, else the problem's default.")
    more_is_better: bool = Field(description="Direction of the metric.")
    target_metric: TargetMetric = Field(description="What a target is a value of.")
    minimum: float | None = Field(description="The least possible loss, as asked for or known. Null if unknown.")
    mini_batches: bool = Field(
        description="Whether each loss of a step, so final_loss and best_loss too, is that of a single mini-batch."
    )
    not_recorded: str | None = Field(
        description="Why nothing is judged by the metric: no trial has it, and nothing takes its place."
    )


class ComparisonBase(FrozenModel):
    """Fields that the comparison of one job and that of several have in common."""

    target: float | None
    confidence: float
    baseline: str | None
    notes: list[str] = Field(description="What a reader should know about these numbers.")
    profile: Profiles | None = Field(description="Null where the trajectories are too long to be read.")


class JobComparison(ComparisonBase, _Judged):
    """The optimizers of a job side by side."""

    job_id: str
    state: JobState
    optimizers: list[ComparedOptimizer] = Field(description="In the order of the job.")
    pairs: list[PairComparison] = Field(description="Optimizers against each other, on equal seeds.")


class ComparedJob(FrozenModel):
    """A job of the comparison."""

    id: str
    name: str | None
    state: JobState
    problem: int = Field(description="Place of its problem in 'problems'.")
    trials: int


class ProblemComparison(_Judged):
    """One problem with its budget and dtype; jobs that ran the same are taken together."""

    title: str = Field(examples=["mlp on digits"])
    steps: int = Field(description="The budget of a trial.")
    dtype: str
    job_ids: list[str]
    optimizers: list[ComparedOptimizer]
    pairs: list[PairComparison] = Field(description="Optimizers against each other, on equal seeds.")
