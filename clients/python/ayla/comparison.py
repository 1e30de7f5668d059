"""The outcomes of a job's optimizers side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from ayla import _html
from ayla._text import aligned
from ayla.models import Trial
from ayla.pairing import Pairing, pairings

_HEADERS = ("optimizer", "seeds", "final loss, median", "final loss, lowest", "best loss", "diverged")

_MINI_BATCHES = (
    "Each loss above is that of a single mini-batch, the last one or the best; the trials' metrics tell how the "
    "models do on the whole training and test parts."
)


@dataclass(frozen=True, slots=True)
class Row:
    """One optimizer setting over its seeds. Losses are over the trials that did not diverge; None without any.

    Attributes:
        label: name of the setting.
        seeds: trials that have ended.
        median_final_loss: over the seeds.
        lowest_final_loss: over the seeds.
        best_loss: lowest on the way, over the seeds.
        diverged: trials that ended as diverged.
    """

    label: str
    seeds: int
    median_final_loss: float | None
    lowest_final_loss: float | None
    best_loss: float | None
    diverged: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """A table of a job's optimizers; with more than one seed also AYLA against its base, seed by seed.

    Attributes:
        job_id: whose trials these are.
        rows: one per optimizer setting, in the job's order.
        pairings: one per AYLA setting whose plain base is in the job.
        mini_batches: whether each loss is that of one mini-batch only.
    """

    job_id: str
    rows: tuple[Row, ...]
    pairings: tuple[Pairing, ...]
    mini_batches: bool = False

    @classmethod
    def of(cls, job_id: str, trials: Iterable[Trial], *, mini_batches: bool = False) -> Comparison:
        """The comparison of these trials; those that have not ended are left out."""
        ended = [trial for trial in trials if trial.summary is not None]
        groups: dict[int, list[Trial]] = {}
        for trial in ended:
            groups.setdefault(trial.optimizer_index, []).append(trial)
        rows = tuple(_row(group) for _, group in sorted(groups.items()))
        return cls(job_id=job_id, rows=rows, pairings=pairings(ended), mini_batches=mini_batches)

    @property
    def statements(self) -> tuple[str, ...]:
        """How sure the comparison is, one per AYLA setting, and what its losses are; empty with a single seed."""
        sure = tuple(pairing.statement for pairing in self.pairings if pairing.seeds > 1)
        return (*sure, _MINI_BATCHES) if self.mini_batches else sure

    def cells(self) -> list[list[str]]:
        """The table as text, without its header."""
        return [
            [
                row.label,
                str(row.seeds),
                *(_number(loss) for loss in (row.median_final_loss, row.lowest_final_loss, row.best_loss)),
                str(row.diverged),
            ]
            for row in self.rows
        ]

    @property
    def headers(self) -> tuple[str, ...]:
        """The names of the table's columns."""
        return _HEADERS

    def __str__(self) -> str:
        lines = aligned([list(_HEADERS), *self.cells()])
        return "\n".join([*lines, *self.statements])

    def _repr_html_(self) -> str:
        table = _html.table("Comparison", _HEADERS, self.cells())
        return table + _html.paragraphs(self.statements)


def _row(trials: Sequence[Trial]) -> Row:
    summaries = [trial.summary for trial in trials if trial.summary is not None]
    final = [summary.final_loss for summary in summaries if summary.final_loss is not None]
    best = [summary.best_loss for summary in summaries if summary.best_loss is not None]
    return Row(
        label=trials[0].label,
        seeds=len(trials),
        median_final_loss=median(final) if final else None,
        lowest_final_loss=min(final, default=None),
        best_loss=min(best, default=None),
        diverged=sum(trial.state == "diverged" for trial in trials),
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.6g}"
