"""What a section found: rows with a goal, tables of plain numbers, remarks, a curve to draw."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Goal:
    """What a measured value should reach.

    Attributes:
        bound: the value itself is good enough.
        at_least: whether more is better.
    """

    bound: float
    at_least: bool

    def is_met(self, value: float) -> bool:
        """Whether a value reaches the goal."""
        return value >= self.bound if self.at_least else value <= self.bound


def at_least(bound: float) -> Goal:
    """More is better."""
    return Goal(bound, at_least=True)


def at_most(bound: float) -> Goal:
    """Less is better."""
    return Goal(bound, at_least=False)


@dataclass(frozen=True, slots=True)
class Row:
    """One measured value.

    Attributes:
        what: was measured.
        value: None where it could not be measured; the note says why.
        unit: behind the value; '×' for ratios.
        goal: None for values that only inform.
        note: the absolute numbers behind a ratio.
    """

    what: str
    value: float | None
    unit: str = "×"
    goal: Goal | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without a goal or a value."""
        return None if self.goal is None or self.value is None else self.goal.is_met(self.value)


@dataclass(frozen=True, slots=True)
class Table:
    """Plain numbers; every line has a cell for each column."""

    columns: Sequence[str]
    lines: Sequence[Sequence[float | str]]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Curve:
    """Points to draw: how a ratio falls with the number of trials."""

    name: str
    trials: Sequence[int]
    ratios: Sequence[float]
    goal_trials: int
    goal_ratio: float


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that one section found."""

    rows: list[Row]
    tables: list[Table] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    curve: Curve | None = None
