"""The service's comparison of a job's optimizers, and its table; nothing is computed here."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import PlainSerializer, model_validator

from ayla._formatting import text_table
from ayla.comparison_rows import row_of
from ayla.comparison_tables import AsyncWithTables, WithTables
from ayla.frames import Rows
from ayla.models.base import ResponseModel

_LOSS_HEADERS = ("final loss, median", "final loss, lowest", "best loss")
_LOSSES = frozenset({"final_loss", "best_loss"})
_WHOLE_PARTS = frozenset({"test_loss", "test_accuracy", "full_train_loss", "full_train_accuracy"})
_TO_TARGET = frozenset({"steps_to_target", "epochs_to_target"})


def _infinity_to_null(value: float) -> float | None:
    return value if math.isfinite(value) else None


MaybeInfinite = Annotated[float, PlainSerializer(_infinity_to_null, when_used="json")]
"""A number that is infinite where the run diverged or did not get there; JSON has null for it."""

_ORDER_STATISTICS = ("median", "lower_quartile", "upper_quartile", "min", "max")


class ConfidenceInterval(ResponseModel):
    """Where a median lies: between two of the values. An end is None where it is infinite.

    Attributes:
        low_infinity: "-inf" or "inf" where the lower end is infinite; None where it is a number.
        high_infinity: likewise of the upper end.
        coverage: how often such an interval covers the median, at least the confidence asked for; None from a service
            that does not say.
    """

    low: float | None = None
    high: float | None = None
    low_infinity: str | None = None
    high_infinity: str | None = None
    coverage: float | None = None


class Distribution(ResponseModel):
    """Order statistics over independent runs; those that diverged, or did not get there, count as the worst there is.

    That is infinity, or -infinity of a number of which more is better, such as an accuracy.

    Attributes:
        values: how many runs.
        finite: how many of them have a finite value.
        interval: of the median; None: ``no_interval`` says why.
        more_is_better: whether larger values are better.
    """

    values: int
    finite: int
    median: MaybeInfinite
    lower_quartile: MaybeInfinite
    upper_quartile: MaybeInfinite
    min: MaybeInfinite
    max: MaybeInfinite
    interval: ConfidenceInterval | None = None
    no_interval: str | None = None
    more_is_better: bool = False

    @model_validator(mode="before")
    @classmethod
    def _null_to_infinity(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        worst = -math.inf if values.get("more_is_better") else math.inf
        return {**values, **{name: worst for name in _ORDER_STATISTICS if values.get(name, worst) is None}}


class ComparedOptimizer(ResponseModel):
    """An optimizer setting over its seeds.

    Attributes:
        label: name of the setting.
        optimizer: the setting with every default filled in.
        seeds: trials that ended with a result, diverged ones too.
        runs: number of independent runs: one where the seeds make no difference.
        diverged: trials that diverged.
        unfinished: trials without a result, which are left out.
        not_recorded: trials with a result that lack the metric by which the problem is judged.
        value: of that metric; None where it is not recorded.
        final_loss: loss after the last step; infinite for a trial that diverged. None without any result. With
            mini-batches that of a single one, by which nothing is decided.
        best_loss: lowest loss on the way; with mini-batches likewise.
        test_loss: on the whole test part after the last step; None where it is not recorded.
        test_accuracy: likewise.
        full_train_loss: on the whole training part after the last step, likewise.
        full_train_accuracy: likewise.
        gap: final loss minus the known minimum; None where none is known, and with mini-batches.
        area_under_curve: of the loss over the steps; None where the trajectories are too long to be read.
        steps_to_target: None where no target was asked for.
        epochs_to_target: likewise.
        wall_seconds: median computing time of the trials that completed.
        steps_per_second: median over the trials whose time was measured.
        notes: which of its exponents had no effect in any of its trials.
        copy_of: label of the first optimizer with the same trajectory in every trial, as the two differ only in
            exponents that had no effect; None if there is none, or if it is not known.
    """

    label: str
    optimizer: dict[str, Any]
    varies: bool = False
    seeds: int
    runs: int
    diverged: int
    unfinished: int = 0
    not_recorded: int = 0
    value: Distribution | None = None
    final_loss: Distribution | None = None
    best_loss: Distribution | None = None
    test_loss: Distribution | None = None
    test_accuracy: Distribution | None = None
    full_train_loss: Distribution | None = None
    full_train_accuracy: Distribution | None = None
    gap: Distribution | None = None
    area_under_curve: Distribution | None = None
    steps_to_target: Distribution | None = None
    epochs_to_target: Distribution | None = None
    wall_seconds: float | None = None
    steps_per_second: float | None = None
    notes: tuple[str, ...] = ()
    copy_of: str | None = None


class SignTest(ResponseModel):
    """The exact two-sided sign test; ``adjusted`` is its p-value after Holm's correction."""

    p_value: float
    adjusted: float


class RankTest(ResponseModel):
    """Wilcoxon's two-sided signed-rank test; ``adjusted`` is its p-value after Holm's correction."""

    pairs: int
    statistic: float
    exact: bool
    p_value: float
    adjusted: float


class SeedValues(ResponseModel):
    """What a setting and its base reached with one seed, by the metric of their problem.

    Attributes:
        value: of the setting; None if it diverged or did not reach the target.
        base: of its base, likewise.
    """

    seed: int
    value: float | None = None
    base: float | None = None


class Pairing(ResponseModel):
    """One optimizer setting against another on equal seeds; whoever diverged lost.

    Attributes:
        label: of the setting.
        base_label: of the setting that it is compared with.
        compared_as: "ayla": AYLA against the same setting without it; "baseline": against the baseline asked for.
        count: number of seeds that both have.
        pairs: number of independent pairs: one where the seeds make no difference.
        unreached: seeds on which neither reached the target; they are no pairs.
        not_recorded: seeds on which one of the two lacks the metric; they are no pairs.
        wins: pairs in which the setting did better.
        losses: pairs in which it did worse.
        ties: pairs in which both did equally well, or both diverged.
        superiority: (wins + ties / 2) / pairs; None without pairs.
        median_difference: setting minus base, of gaps that of their decimal logarithms; None where it is infinite, or
            there is none.
        interval: of that median; None: ``no_interval`` says why.
        sign_test: decides the outcome; None with fewer than two pairs.
        rank_test: None with fewer than two pairs.
        tests: number of tests in Holm's correction.
        family: which tests these are, in words; None without a test, and from a service that does not say.
        outcome: "better", "worse", "undecided" or "no_statement".
        verdict: the outcome in words.
        values: both on each independent pair; None unless ``values`` asks for it, and over problems.
    """

    label: str
    base_label: str
    compared_as: str
    unit: str = "seed"
    count: int
    pairs: int
    unreached: int = 0
    not_recorded: int = 0
    wins: int
    losses: int
    ties: int
    superiority: float | None = None
    median_difference: float | None = None
    interval: ConfidenceInterval | None = None
    no_interval: str | None = None
    sign_test: SignTest | None = None
    rank_test: RankTest | None = None
    tests: int = 0
    family: str | None = None
    outcome: str
    verdict: str
    values: tuple[SeedValues, ...] | None = None


class JudgedOptimizers(ResponseModel):
    """Optimizers side by side on one problem, and what they are judged by.

    Attributes:
        metric: what the optimizers are judged by.
        more_is_better: direction of the metric.
        target_metric: what a target is a value of.
        minimum: the least possible loss, which gaps are to; None if unknown.
        mini_batches: whether each loss of a step, so the final and the best loss too, is that of a single mini-batch.
        not_recorded: why nothing is judged by the metric; None where some trial has it.
        optimizers: one per setting, in the order of the jobs.
        pairs: settings against each other.
    """

    metric: str = "final_loss"
    more_is_better: bool = False
    target_metric: str = "final_loss"
    minimum: float | None = None
    mini_batches: bool = False
    not_recorded: str | None = None
    optimizers: tuple[ComparedOptimizer, ...]
    pairs: tuple[Pairing, ...]

    @property
    def headers(self) -> tuple[str, ...]:
        """The names of the table's columns."""
        return ("optimizer", "seeds", *self._columns)

    def cells(self) -> list[list[str]]:
        """The table as text, without its header: "inf" where a loss is infinite, "-" where there is none."""
        return [self._row(optimizer) for optimizer in self.optimizers]

    @property
    def _columns(self) -> dict[str, Callable[[ComparedOptimizer], str]]:
        """What each column after the first two shows of an optimizer."""
        columns: dict[str, Callable[[ComparedOptimizer], str]] = {}
        if self.metric in _WHOLE_PARTS:
            columns = self._judged | {self._best_header: lambda one: _best(one.value)}
        elif not self.mini_batches:
            final = (lambda one: _median(one.final_loss), lambda one: _best(one.final_loss))
            columns = dict(zip(_LOSS_HEADERS, (*final, lambda one: _best(one.best_loss)), strict=True))
        columns["diverged"] = lambda one: str(one.diverged)
        if self.mini_batches or self.metric not in _LOSSES:
            columns = {**columns, **self._judged}
        if self.metric in _TO_TARGET:
            columns["reached"] = lambda one: _reached(self._value(one))
        if any(optimizer.unfinished for optimizer in self.optimizers):
            columns["unfinished"] = lambda one: str(one.unfinished)
        return columns

    @property
    def _judged(self) -> dict[str, Callable[[ComparedOptimizer], str]]:
        return {f"{self.metric.replace('_', ' ')}, median": lambda one: _median(self._value(one))}

    @property
    def _best_header(self) -> str:
        return f"{self.metric.replace('_', ' ')}, {'highest' if self.more_is_better else 'lowest'}"

    def _value(self, optimizer: ComparedOptimizer) -> Distribution | None:
        """Of the metric; a service of before has it under its own name only."""
        found: Distribution | None = optimizer.value or getattr(optimizer, self.metric, None)
        return None if self.not_recorded else found

    def _row(self, optimizer: ComparedOptimizer) -> list[str]:
        return [optimizer.label, str(optimizer.seeds), *(shown(optimizer) for shown in self._columns.values())]


class JobComparison(JudgedOptimizers, Rows):
    """What the service says of a job's optimizers side by side.

    Attributes:
        job_id: whose trials these are.
        state: of the job.
        target: the value to reach; None where none was asked for.
        confidence: of the intervals and verdicts.
        baseline: label of the optimizer that all others are tested against; None: AYLA against the same setting
            without it.
        notes: remarks on these numbers.
        profile: the performance profile, as the service describes it.
    """

    job_id: str
    state: str
    target: float | None = None
    confidence: float = 0.95
    baseline: str | None = None
    notes: tuple[str, ...] = ()
    profile: dict[str, Any] | None = None

    @property
    def statements(self) -> tuple[str, ...]:
        """The verdict of each pair, then the notes, in the service's words."""
        return (*(pairing.verdict for pairing in self.pairs), *self.notes)

    def rows(self) -> list[dict[str, object]]:
        """A row for each optimizer: its label, how many seeds, and the median of each measure."""
        return [row_of(optimizer) for optimizer in self.optimizers]

    def __str__(self) -> str:
        lines = text_table([[*self.headers], *self.cells()])
        return "\n".join([*lines, *self.statements])


class Comparison(JobComparison, WithTables):
    """A job's optimizers side by side, with verdicts on who did better and how sure that is.

    All of it is the service's answer; printed, it is a table with the verdicts and notes below. The attributes are
    those of ``JobComparison``.
    """


class AsyncComparison(JobComparison, AsyncWithTables):
    """The same of an ``AsyncClient``: its tables for papers are awaited."""


def _median(values: Distribution | None) -> str:
    return "-" if values is None else f"{values.median:.6g}"


def _best(values: Distribution | None) -> str:
    return "-" if values is None else f"{values.max if values.more_is_better else values.min:.6g}"


def _reached(values: Distribution | None) -> str:
    return "-" if values is None else f"{values.finite}/{values.values}"
