"""Query of an answer about sweeps: its options and bounds."""

from dataclasses import dataclass
from functools import partial
from typing import Literal

from ayla_service.comparison.query import TargetMetric
from ayla_service.errors import SweepTooLarge

OverSeeds = Literal["median", "mean", "worst"]
"""How the values of a setting on its seeds become one; a diverged seed is worse than every number."""

MOST_TRIALS = 1_000_000
"""That one answer is made from, of all jobs together."""

MOST_CELLS = 1_000_000
"""Of all panels of a heat map together, in a picture."""

MOST_NUMBERS = 100_000
"""Cells of all panels, or places of all arms, in an answer of JSON."""

MOST_PANELS = 6
"""Arms whose cells are drawn side by side."""

TOO_LONG = partial(SweepTooLarge, advice="Name fewer jobs, or fewer bins.")
"""Makes the error of an answer that takes too much computing time."""


@dataclass(frozen=True, slots=True)
class SweepQuery:
    """How the settings of a sweep are judged.

    Attributes:
        metric: by which; None: the default of the problem.
        over_seeds: how the values on the seeds become one.
        minimum: the least possible loss, which gaps are to; None: what is known of the problem.
    """

    metric: TargetMetric | None = None
    over_seeds: OverSeeds = "median"
    minimum: float | None = None
