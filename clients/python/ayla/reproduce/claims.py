"""Claims of the paper: the result of checking one, and its verdict."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from ayla.reproduce.intervals import MedianInterval, median_interval


class Verdict(StrEnum):
    """Whether a claim was reproduced."""

    REPRODUCED = "reproduced"
    PARTLY = "partly"
    NOT_REPRODUCED = "not reproduced"
    NOT_MEASURED = "not measured"
    NOT_APPLICABLE = "not applicable"


class About(StrEnum):
    """Whose behaviour a claim is about: for it a control is measured in its place."""

    PLAIN = "the optimizer without AYLA"
    AYLA = "AYLA"
    FUNCTION = "the function itself"


@dataclass(frozen=True, slots=True)
class OverSeeds:
    """The same claim checked on each of several seeds.

    Attributes:
        seeds: which.
        verdicts: how many of them have each verdict.
        interval: of the first measured value, with its median; None of one seed, and where some seed has no
            such value.
        apart: whether these seeds are others than those of the verdict, which is then that of the paper's own seed.
    """

    seeds: tuple[int, ...]
    verdicts: dict[Verdict, int]
    interval: MedianInterval | None
    apart: bool

    @classmethod
    def of(cls, by_seed: Mapping[int, ClaimResult], *, apart: bool) -> OverSeeds:
        """From the results of one claim, one for each seed."""
        results = [*by_seed.values()]
        values = [next(iter(result.measured.values())) for result in results]
        known = [float(value) for value in values if value is not None and math.isfinite(value)]
        interval = median_interval(known) if 1 < len(known) == len(values) else None
        return cls(tuple(by_seed), dict(Counter(result.verdict for result in results)), interval, apart)

    def counted(self, word: str, seeds: str = "") -> str:
        """On how many the claim holds, with the median and its interval.

        Args:
            word: for holding.
            seeds: those that there are, in words; default: how many.
        """
        interval = "" if self.interval is None else f"; median {self.interval}"
        return f"{word} on {self.verdicts.get(Verdict.REPRODUCED, 0)} of {seeds or len(self.seeds)}{interval}"

    @property
    def named(self) -> str:
        """How many seeds, and which."""
        first, last = min(self.seeds), max(self.seeds)
        is_range = len(self.seeds) == last - first + 1
        which = f"{first}–{last}" if is_range and last > first else ", ".join(map(str, sorted(self.seeds)))
        return f"{len(self.seeds)} {'other ' if self.apart else ''}seeds ({which})"


@dataclass(frozen=True, slots=True)
class Control:
    """The optimizer without AYLA at its own best learning rate, held against the same criterion.

    Attributes:
        label: the optimizer with its rate.
        name: of the value: the first that the claim measures.
        value: that value; None where there is none.
        verdict: of the claim's criterion on it.
        better: as of a claim's result.
        over_seeds: the same on several seeds; None where nothing is drawn, and of a single seed.
    """

    label: str
    name: str
    value: float | int | None
    verdict: Verdict
    better: float | None = None
    over_seeds: OverSeeds | None = None

    @classmethod
    def of(cls, label: str, result: ClaimResult, over_seeds: OverSeeds | None) -> Control:
        """From the result of the claim's check on it."""
        name, value = next(iter(result.measured.items()))
        return cls(label, name, value, result.verdict, result.better, over_seeds)

    @property
    def words(self) -> str:
        """What the criterion says of it, and on which side it is where the criterion allows for neither."""
        side = "" if not self.better else f"it does {'better' if self.better > 0 else 'worse'}"
        return {
            Verdict.REPRODUCED: "the claim holds",
            Verdict.PARTLY: f"it holds partly{side and f', as {side}'}",
            Verdict.NOT_REPRODUCED: side or "it does not hold",
            Verdict.NOT_MEASURED: "not measured",
            Verdict.NOT_APPLICABLE: "not applicable",
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
        better: of a criterion that allows for neither side: by how much the first measured value is better than the
            paper's, negative where it is worse; else None.
        leading: how many of the measured values stand where there is room for few.
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
    better: float | None = None
    leading: int = 1

    @property
    def rests_on_one_seed(self) -> bool:
        """Whether the verdict is that of the paper's seed and fewer than half of the other seeds have it too."""
        over = self.over_seeds
        return over is not None and over.apart and 2 * over.verdicts.get(self.verdict, 0) < len(over.seeds)


def verdict(*, reproduced: bool, partly: bool) -> Verdict:
    """The stronger of the two that holds."""
    if reproduced:
        return Verdict.REPRODUCED
    return Verdict.PARTLY if partly else Verdict.NOT_REPRODUCED


def headline(result: ClaimResult) -> str:
    """The leading measured values with their names, those that the verdict is mostly about."""
    return "; ".join(f"{name}: {number(value)}" for name, value in islice(result.measured.items(), result.leading))


def number(value: float | int | None) -> str:
    """A measured value for reading."""
    if value is None or not math.isfinite(value):
        return "none"
    return str(value) if isinstance(value, int) else _decimals(value, "")


def percent(share: float) -> str:
    """A share for reading."""
    return f"{100 * share:.0f} %"


def signed(value: float) -> str:
    """A difference for reading, with its sign."""
    return _decimals(value, "+")


_SMALL = 0.01


def _decimals(value: float, sign: str) -> str:
    """Four decimals, of small values five where the fifth is not 0; nothing that is printed as zero has a minus."""
    text = f"{value:{sign}.5f}" if abs(value) < _SMALL else f"{value:{sign}.4f}"
    if abs(value) < _SMALL and text.endswith("0"):
        text = text[:-1]
    return text.replace("-", sign) if float(text) == 0 else text
