"""Claims of the paper: the result of checking one, and its verdict."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ayla.reproduce.intervals import MedianInterval, median_interval


class Verdict(StrEnum):
    """Whether a claim was reproduced."""

    REPRODUCED = "reproduced"
    PARTLY = "partly"
    NOT_REPRODUCED = "not reproduced"
    NOT_MEASURED = "not measured"


class About(StrEnum):
    """Whose behaviour a claim is about: for it a control is measured in its place."""

    PLAIN = "the optimizer without AYLA"
    AYLA = "AYLA"
    FUNCTION = "the function itself"


@dataclass(frozen=True, slots=True)
class OverSeeds:
    """The same claim checked on each of several seeds.

    Attributes:
        seeds: how many.
        verdicts: how many of them have each verdict.
        interval: of the first measured value, with its median; None of one seed, and where some seed has no
            such value.
        apart: whether these seeds are others than those of the verdict, which is then that of the paper's own seed.
    """

    seeds: int
    verdicts: dict[Verdict, int]
    interval: MedianInterval | None
    apart: bool

    @classmethod
    def of(cls, results: Sequence[ClaimResult], *, apart: bool) -> OverSeeds:
        """From the results of one claim, one for each seed."""
        values = [next(iter(result.measured.values())) for result in results]
        known = [float(value) for value in values if value is not None and math.isfinite(value)]
        interval = median_interval(known) if 1 < len(known) == len(values) else None
        return cls(len(results), dict(Counter(result.verdict for result in results)), interval, apart)


@dataclass(frozen=True, slots=True)
class Control:
    """The optimizer without AYLA at its own best learning rate, held against the same criterion.

    Attributes:
        label: the optimizer with its rate.
        name: of the value: the first that the claim measures.
        value: that value; None where there is none.
        verdict: of the claim's criterion on it.
    """

    label: str
    name: str
    value: float | int | None
    verdict: Verdict

    @property
    def words(self) -> str:
        """What the criterion says of it."""
        return {
            Verdict.REPRODUCED: "the claim holds",
            Verdict.PARTLY: "it holds partly",
            Verdict.NOT_REPRODUCED: "it does not hold",
            Verdict.NOT_MEASURED: "not measured",
        }[self.verdict]


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """The result of checking one claim.

    Attributes:
        id: unique within a report.
        experiment: name of the preset.
        section: of the paper.
        figure: of the paper.
        claim: the paper's statement, in short.
        paper: the number in it, as the paper has it.
        reading: which reading of the paper was run, where it leaves several open; else empty.
        measured: the values from the service's trajectories, by name; None where there is no such value.
        criterion: how the verdict was decided, with its thresholds.
        verdict: the outcome.
        note: what else the numbers say.
        about: whose behaviour it is about.
        over_seeds: the same on several seeds; None where nothing is drawn.
        control: the same for the optimizer without AYLA at its own best rate; None of a claim on the function itself.
    """

    id: str
    experiment: str
    section: str
    figure: str
    claim: str
    paper: str
    measured: dict[str, float | int | None]
    criterion: str
    verdict: Verdict
    note: str
    about: About
    reading: str = ""
    over_seeds: OverSeeds | None = None
    control: Control | None = None


def verdict(*, reproduced: bool, partly: bool) -> Verdict:
    """The stronger of the two that holds."""
    if reproduced:
        return Verdict.REPRODUCED
    return Verdict.PARTLY if partly else Verdict.NOT_REPRODUCED


def headline(result: ClaimResult) -> str:
    """The first measured value with its name, the one the verdict is mostly about."""
    name, value = next(iter(result.measured.items()))
    return f"{name}: {number(value)}"


def number(value: float | int | None) -> str:
    """A measured value for reading."""
    if value is None or not math.isfinite(value):
        return "none"
    return str(value) if isinstance(value, int) else f"{value:.4f}"
