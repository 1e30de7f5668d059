"""Recording of a trial: its columns and steps, and how many numbers and bytes they are.

The engine records by it; the rules of the job spec and the estimate of costs count by it.
"""

from dataclasses import dataclass
from typing import Self

from ayla_spec.jobspec import Record
from ayla_spec.limits import MAX_RECORDED_PARAMETERS
from ayla_spec.problems import DatasetProblem, ExpressionProblem

COLUMNS = ("loss", "transformed_loss", "scale", "effective_lr", "grad_norm")
"""Columns of every problem beside the step; single parameters come after them."""

NUMBER_BYTES = 8
"""Bytes of a recorded number, whatever the job computes in."""


@dataclass(frozen=True, slots=True)
class Recording:
    """The trajectory of one trial.

    Attributes:
        every: step 0 and its multiples are recorded.
        budget: updates of the trial; the step after the last one is recorded in any case.
        parameters: columns of single parameters, in the order of the parameters: ``param.x``, ``param.x[0]``; none of a
            model, nor of more than 50.
        kept: whether trials keep their trajectories as they run; else no step is recorded.
    """

    every: int
    budget: int
    parameters: tuple[str, ...]
    kept: bool = True

    @classmethod
    def of(cls, problem: ExpressionProblem | DatasetProblem, budget: int, record: Record) -> Self:
        """The trajectory that a job records of each of its trials."""
        kept = record.trajectories == "all"
        if isinstance(problem, DatasetProblem) or problem.parameters > MAX_RECORDED_PARAMETERS:
            return cls(record.every, budget, (), kept)
        return cls(record.every, budget, tuple(f"param.{name}" for name in problem.flat_start), kept)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column, in order."""
        return ("step", *self.quantities)

    @property
    def quantities(self) -> tuple[str, ...]:
        """The columns without the step: what is computed at each of them."""
        return (*COLUMNS, *self.parameters)

    def steps(self, first: int, last: int) -> tuple[range, ...]:
        """The recorded steps from ``first`` to ``last``, ascending: multiples of ``every``, then the final step."""
        if not self.kept:
            return ()
        multiples = range(-(-first // self.every) * self.every, last + 1, self.every)
        return (multiples, range(last, last + 1)) if last == self.budget and last % self.every else (multiples,)

    @property
    def rows(self) -> int:
        """Recorded steps of a trial that makes all its updates; of one that diverges there are no more."""
        return sum(map(len, self.steps(0, self.budget)))

    @property
    def numbers(self) -> int:
        """Rows times columns."""
        return self.rows * len(self.columns)

    @property
    def bytes(self) -> int:
        """Of all columns, before they are packed."""
        return self.numbers * NUMBER_BYTES
