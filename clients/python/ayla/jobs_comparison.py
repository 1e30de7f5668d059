"""The service's comparison of several jobs, or of arms by a protocol; nothing is computed here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ayla.aggregates import AggregatedPair
from ayla.arm_tables import ArmTable, tables_of
from ayla.arms import ProtocolResult, statements_of
from ayla.comparison import JudgedOptimizers, Pairing
from ayla.comparison_rows import row_of
from ayla.comparison_tables import AsyncWithTables, WithTables
from ayla.frames import Rows
from ayla.models.base import ResponseModel


class ComparedJob(ResponseModel):
    """A job of a comparison.

    Attributes:
        id: of the job.
        name: as its user gave it.
        state: of the job.
        problem: place of its problem.
        trials: how many it has.
    """

    id: str
    name: str | None = None
    state: str
    problem: int
    trials: int


class ProblemComparison(JudgedOptimizers):
    """The optimizers on one problem; jobs that ran the same are taken together.

    Attributes:
        title: the problem in words.
        steps: the budget of a trial.
        dtype: of the computation.
        job_ids: that ran it.
    """

    title: str
    steps: int
    dtype: str
    job_ids: tuple[str, ...]

    @property
    def heading(self) -> str:
        """The problem with its budget."""
        return f"{self.title}, {self.steps} steps"


class SeveralJobsComparison(Rows, ResponseModel):
    """What the service says of the optimizers of several jobs, or of the arms of one or several.

    Attributes:
        metric: what every problem is judged by; "by_problem" where they differ in it.
        target: the value to reach; None where none was asked for.
        confidence: of the intervals and verdicts.
        baseline: label of the optimizer, or name of the arm, that all others are tested against.
        jobs: in the order asked for.
        problems: one by one.
        pairs: optimizers against each other over the problems.
        aggregates: optimizers, or arms, against each other over all problems and seeds.
        protocol: what is stated about arms; None without a protocol.
        notes: remarks on these numbers.
        profile: the performance profile, as the service describes it.
    """

    metric: str = "final_loss"
    more_is_better: bool | None = None
    target: float | None = None
    confidence: float = 0.95
    baseline: str | None = None
    jobs: tuple[ComparedJob, ...]
    problems: tuple[ProblemComparison, ...]
    pairs: tuple[Pairing, ...] = ()
    aggregates: tuple[AggregatedPair, ...] = ()
    protocol: ProtocolResult | None = None
    notes: tuple[str, ...] = ()
    profile: dict[str, Any] | None = None

    @property
    def statements(self) -> tuple[str, ...]:
        """The verdicts of each problem, those over problems, then the notes, in the service's words."""
        each = (statement for place in range(len(self.problems)) for statement in self.verdicts(place))
        return (*each, *self.general_statements)

    @property
    def general_statements(self) -> tuple[str, ...]:
        """The verdicts over problems, then the notes."""
        return (*self._over_problems, *self._notes)

    def tables(self, place: int) -> Sequence[ArmTable]:
        """The tables of a problem: of its optimizers, or with a protocol of its arms.

        Args:
            place: of the problem.
        """
        if self.protocol is not None:
            return tables_of(self.protocol.problems[place])
        problem = self.problems[place]
        return [ArmTable("Optimizers", [*problem.headers], problem.cells())]

    def rows(self) -> list[dict[str, object]]:
        """A row for each optimizer on each problem: the problem, then as of the comparison of a job."""
        return [
            {"problem": problem.heading} | row_of(optimizer)
            for problem in self.problems
            for optimizer in problem.optimizers
        ]

    def text(self, *, details: bool = False) -> str:
        """What is printed.

        Args:
            details: all tables of each of several problems, not only the first.
        """
        return "\n".join(self._lines(details=details))

    def __str__(self) -> str:
        return self.text()

    def _lines(self, *, details: bool) -> Iterator[str]:
        for place, problem in enumerate(self.problems):
            yield problem.heading
            for table in self.shown_tables(place, details=details):
                yield from (*table.lines(), "")
            yield from self.verdicts(place)
            yield ""
        if self._over_problems:
            yield f"Over {len(self.problems)} problems"
            yield from (*self._over_problems, "")
        yield from self._notes

    def shown_tables(self, place: int, *, details: bool = False) -> Sequence[ArmTable]:
        """All tables of a single problem; of several the first of each, unless all are asked for."""
        return self.tables(place) if details or len(self.problems) == 1 else self.tables(place)[:1]

    def verdicts(self, place: int) -> tuple[str, ...]:
        """The verdicts of a problem, in the service's words."""
        pairs = self.protocol.problems[place].pairs if self.protocol else self.problems[place].pairs
        return statements_of(pairs)

    @property
    def _over_problems(self) -> tuple[str, ...]:
        pairs = statements_of(self.protocol.pairs if self.protocol else self.pairs)
        return (*pairs, *(pair.statement for pair in self.aggregates))

    @property
    def _notes(self) -> tuple[str, ...]:
        return (*(self.protocol.notes if self.protocol else ()), *self.notes)


class JobsComparison(SeveralJobsComparison, WithTables):
    """The optimizers of several jobs, or the arms of one or several, with verdicts on who did better.

    All of it is the service's answer; printed, it has a table for each problem with the verdicts below, then the
    verdicts over problems and the notes. The attributes are those of ``SeveralJobsComparison``.
    """


class AsyncJobsComparison(SeveralJobsComparison, AsyncWithTables):
    """The same of an ``AsyncClient``: its tables for papers are awaited."""
