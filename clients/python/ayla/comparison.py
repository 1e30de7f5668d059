"""The service's comparison of a job's optimizers, and its table; nothing is computed here."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

from ayla._formatting import html_paragraphs, html_table, text_table
from ayla.models import ResponseModel

_LOSS_HEADERS = ("optimizer", "seeds", "final loss, median", "final loss, lowest", "best loss", "diverged")

_METRIC_HEADERS = {"steps_to_target": "steps to target, median", "area_under_curve": "area under curve, median"}


def _null_to_infinity(value: Any) -> Any:
    return math.inf if value is None else value


def _infinity_to_null(value: float) -> float | None:
    return value if math.isfinite(value) else None


MaybeInfinite = Annotated[
    float, BeforeValidator(_null_to_infinity), PlainSerializer(_infinity_to_null, when_used="json")
]
"""A number that is infinite where the run diverged or did not get there; JSON has null for it."""


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
    """Order statistics over independent runs; those that diverged, or did not get there, count as infinite.

    Attributes:
        values: how many runs.
        finite: how many of them have a finite value.
        interval: of the median; None: ``no_interval`` says why.
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


class ComparedOptimizer(ResponseModel):
    """An optimizer setting over its seeds.

    Attributes:
        label: name of the setting.
        optimizer: the setting with every default filled in.
        seeds: trials that ended with a result, diverged ones too.
        runs: number of independent runs: one where the seeds make no difference.
        diverged: trials that diverged.
        unfinished: trials without a result, which are left out.
        final_loss: loss after the last step; infinite for a trial that diverged. None without any result.
        best_loss: lowest loss on the way.
        area_under_curve: of the loss over the steps; None where the trajectories are too long to be read.
        steps_to_target: None where no target was asked for.
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
    final_loss: Distribution | None = None
    best_loss: Distribution | None = None
    area_under_curve: Distribution | None = None
    steps_to_target: Distribution | None = None
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


class Pairing(ResponseModel):
    """One optimizer setting against another on equal seeds; less is better, and whoever diverged lost.

    Attributes:
        label: of the setting.
        base_label: of the setting that it is compared with.
        compared_as: "ayla": AYLA against the same setting without it; "baseline": against the baseline asked for.
        count: number of seeds that both have.
        pairs: number of independent pairs: one where the seeds make no difference.
        unreached: seeds on which neither reached the target; they are no pairs.
        wins: pairs in which the setting did better.
        losses: pairs in which it did worse.
        ties: pairs in which both did equally well, or both diverged.
        superiority: (wins + ties / 2) / pairs; None without pairs.
        median_difference: setting minus base; None where it is infinite, or there is none.
        interval: of that median; None: ``no_interval`` says why.
        sign_test: decides the outcome; None with fewer than two pairs.
        rank_test: None with fewer than two pairs.
        tests: number of tests in Holm's correction.
        outcome: "better", "worse", "undecided" or "no_statement".
        verdict: the outcome in words.
    """

    label: str
    base_label: str
    compared_as: str
    unit: str = "seed"
    count: int
    pairs: int
    unreached: int = 0
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
    outcome: str
    verdict: str


class Comparison(ResponseModel):
    """A job's optimizers side by side, with verdicts on who did better and how sure that is.

    All of it is the service's answer; printed, it is a table with the verdicts and notes below.

    Attributes:
        job_id: whose trials these are.
        state: of the job.
        metric: the measure that the pairs are tested by.
        target: the loss to reach; None where none was asked for.
        confidence: of the intervals and verdicts.
        baseline: label of the optimizer that all others are tested against; None: AYLA against the same setting
            without it.
        optimizers: one per setting, in the job's order.
        pairs: settings against each other.
        notes: remarks on these numbers.
        profile: the performance profile, as the service describes it.
    """

    job_id: str
    state: str
    metric: str = "final_loss"
    target: float | None = None
    confidence: float = 0.95
    baseline: str | None = None
    optimizers: tuple[ComparedOptimizer, ...]
    pairs: tuple[Pairing, ...]
    notes: tuple[str, ...] = ()
    profile: dict[str, Any] | None = None

    @property
    def statements(self) -> tuple[str, ...]:
        """The verdict of each pair, then the notes, in the service's words."""
        return (*(pairing.verdict for pairing in self.pairs), *self.notes)

    @property
    def headers(self) -> tuple[str, ...]:
        """The names of the table's columns."""
        header = _METRIC_HEADERS.get(self.metric)
        return (*_LOSS_HEADERS, *([header] if header else []), *(["unfinished"] if self._some_unfinished else []))

    def cells(self) -> list[list[str]]:
        """The table as text, without its header: "inf" where a loss is infinite, "-" where there is none."""
        return [self._row(optimizer) for optimizer in self.optimizers]

    def __str__(self) -> str:
        lines = text_table([[*self.headers], *self.cells()])
        return "\n".join([*lines, *self.statements])

    def _repr_html_(self) -> str:
        return html_table("Comparison", self.headers, self.cells()) + html_paragraphs(self.statements)

    @property
    def _some_unfinished(self) -> bool:
        return any(optimizer.unfinished for optimizer in self.optimizers)

    def _row(self, optimizer: ComparedOptimizer) -> list[str]:
        final, best = optimizer.final_loss, optimizer.best_loss
        row = [optimizer.label, str(optimizer.seeds), _median(final), _lowest(final), _lowest(best)]
        row.append(str(optimizer.diverged))
        if self.metric in _METRIC_HEADERS:
            row.append(_median(getattr(optimizer, self.metric)))
        return [*row, str(optimizer.unfinished)] if self._some_unfinished else row


def _median(values: Distribution | None) -> str:
    return "-" if values is None else f"{values.median:.6g}"


def _lowest(values: Distribution | None) -> str:
    return "-" if values is None else f"{values.min:.6g}"
