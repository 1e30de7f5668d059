"""What a job's trials record step by step: which columns, and how many rows and numbers.

The engine records by it, and the rules and the estimate of costs count by it.
"""

from ayla_spec.jobspec import Record
from ayla_spec.limits import MAX_RECORDED_PARAMETERS
from ayla_spec.problems import DatasetProblem, ExpressionProblem

COLUMNS = ("loss", "transformed_loss", "scale", "effective_lr", "grad_norm")
"""What is recorded of every problem beside the step; single parameters come after them."""


def recorded_parameters(problem: ExpressionProblem | DatasetProblem) -> tuple[str, ...]:
    """The columns of single parameters: ``param.x``, ``param.x[0]``; none of a model, nor of more than 50."""
    if isinstance(problem, DatasetProblem) or len(problem.flat_start) > MAX_RECORDED_PARAMETERS:
        return ()
    return tuple(f"param.{name}" for name in problem.flat_start)


def recorded_columns(problem: ExpressionProblem | DatasetProblem) -> tuple[str, ...]:
    """Every column of a trajectory, in order; each holds 8 bytes a row."""
    return ("step", *COLUMNS, *recorded_parameters(problem))


def recorded_rows(steps: int, record: Record) -> int:
    """Rows of a trial that makes so many updates; of one that diverges there are no more."""
    return steps // record.every + 1 + (steps % record.every > 0)
