"""Claims of the paper: the result of checking one, and its verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """Whether a claim was reproduced."""

    REPRODUCED = "reproduced"
    PARTLY = "partly"
    NOT_REPRODUCED = "not reproduced"


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """The result of checking one claim.

    Attributes:
        id: unique within a report.
        experiment: name of the preset.
        section: of the paper.
        figure: of the paper.
        claim: the paper's statement.
        paper_value: the number in it.
        measured: the values from the service's trajectories, by name; None where there is no such value.
        criterion: how the verdict was decided, with its thresholds.
        verdict: the outcome.
        note: what else the numbers say.
    """

    id: str
    experiment: str
    section: str
    figure: str
    claim: str
    paper_value: float
    measured: dict[str, float | int | None]
    criterion: str
    verdict: Verdict
    note: str


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
