"""Queries for results: which trials of a job, and which of their rows and columns."""

from dataclasses import dataclass
from enum import StrEnum

from ayla_service.states import TrialState


class Scale(StrEnum):
    """Scale on which thinning divides the steps: in stretches of as many rows each, or of the same ratio of steps."""

    LINEAR = "linear"
    LOG = "log"


@dataclass(frozen=True, slots=True)
class TrialSelection:
    """Which trials of a job are wanted; all that meet every condition.

    Attributes:
        indexes: places in the job; None for any.
        optimizer_index: place of the optimizer setting; None for any.
        states: None for any.
    """

    indexes: frozenset[int] | None = None
    optimizer_index: int | None = None
    states: frozenset[TrialState] | None = None


@dataclass(frozen=True, slots=True)
class TrajectoryQuery:
    """Which part of a trajectory, or of metrics, is wanted.

    Attributes:
        columns: names in the order wanted; None for all.
        every: keep the steps that are multiples of this, and the first and last row.
        max_points: keep at most this many rows (>= 2): first and last, and the rows with the lowest and highest value
            of each stretch in between. The values are those of the named columns, or of the loss if none is named.
        from_step: first step, inclusive.
        to_step: last step, inclusive.
        scale: how the stretches of ``max_points`` are cut.
    """

    columns: list[str] | None = None
    every: int | None = None
    max_points: int | None = None
    from_step: int | None = None
    to_step: int | None = None
    scale: Scale = Scale.LINEAR

    @property
    def thins(self) -> bool:
        """Whether rows in the range are left out."""
        return self.every is not None or self.max_points is not None
