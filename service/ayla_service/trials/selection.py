"""Queries for results: which trials of a job, and which of their rows and columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ayla_service.states import TrialState
from ayla_service.trials.conditions import Condition


class Scale(StrEnum):
    """Scale on which thinning divides the steps: in stretches of as many rows each, or of the same ratio of steps."""

    LINEAR = "linear"
    LOG = "log"


@dataclass(frozen=True, slots=True)
class TrialSelection:
    """Which trials of a job are wanted; all that meet every condition.

    Attributes:
        spans: places in the job, growing and apart; None for any.
        optimizer_index: number of the setting; None for any.
        arm: name of the arm; None for any.
        states: None for any.
        where: conditions on their numbers.
    """

    spans: tuple[range, ...] | None = None
    optimizer_index: int | None = None
    arm: str | None = None
    states: frozenset[TrialState] | None = None
    where: tuple[Condition, ...] = ()

    @classmethod
    def at(cls, indexes: Sequence[int]) -> "TrialSelection":
        """The trials at these places, which grow."""
        spans: list[range] = []
        for index in indexes:
            if spans and spans[-1].stop == index:
                spans[-1] = range(spans[-1].start, index + 1)
            else:
                spans.append(range(index, index + 1))
        return cls(tuple(spans))


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
