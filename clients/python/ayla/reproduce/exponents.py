"""Does AYLA need a grid search over N1 and N2? Heat maps of what each pair of exponents ends at."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from ayla.reproduce.claims import About, ClaimResult, verdict
from ayla.sweeps import HeatMapNumbers

PAPER_EXPONENTS = {"poly-sgd": (1.0, 1.4), "poly-adam": (1.0, 0.57), "curve-a": (1.5, 1.0), "curve-b": (1.8, 0.9)}
SECTIONS = {"poly-sgd": "3.1.a", "poly-adam": "3.1.b", "curve-a": "3.2", "curve-b": "3.2"}

MINIMUM = -6.54296875
"""Of x⁴ - 3x³ + 2, at x = 2.25."""

_AT_MINIMUM = 0.05
_AS_GOOD = 1.1
_ALMOST_ALL, _MOST = 0.9, 0.5
_EVERYWHERE = 1e-9


@dataclass(frozen=True, slots=True)
class ExponentMap:
    """What every pair of exponents on a grid ends at.

    Attributes:
        preset: the experiment.
        job_id: of the job that ran them.
        numbers: columns by N1, rows by N2, the final loss in each cell; NaN where it diverged.
        paper_loss: final loss of the paper's own pair, judged as the cells are.
        plain_loss: final loss of the optimizer without AYLA.
    """

    preset: str
    job_id: str
    numbers: HeatMapNumbers
    paper_loss: float
    plain_loss: float

    @property
    def losses(self) -> list[float]:
        """Of all cells; NaN where it diverged."""
        return [loss for row in self.numbers.panels[0].cells for loss in row]

    @property
    def best(self) -> tuple[float, float, float]:
        """N1, N2 and loss of the best cell; NaN where all diverged."""
        cells = [cell for cell in self._cells() if math.isfinite(cell[2])]
        return min(cells, key=lambda cell: cell[2], default=(math.nan, math.nan, math.nan))

    @property
    def good_loss(self) -> float:
        """The highest loss that is about as good as the best: near the known minimum, or 10 % above the best cell."""
        return MINIMUM + _AT_MINIMUM if self.preset.startswith("poly") else _AS_GOOD * self.best[2]

    def share(self, loss: float) -> float:
        """Share of all pairs that end at this loss or below; those that diverged do not."""
        return sum(value <= loss for value in self.losses) / len(self.losses)

    @property
    def diverged(self) -> int:
        """Pairs that diverged."""
        return sum(math.isnan(value) for value in self.losses)

    def _cells(self) -> Iterator[tuple[float, float, float]]:
        for y, row in zip(self.numbers.y.values, self.numbers.panels[0].cells, strict=True):
            yield from ((x, y, loss) for x, loss in zip(self.numbers.x.values, row, strict=True))


def exponent_claim(found: ExponentMap) -> ClaimResult:
    """N1 and N2 need no grid search: almost any pair would then do."""
    good, better = found.share(found.good_loss), found.share(found.plain_loss - _EVERYWHERE)
    pairs, (n1, n2, loss) = len(found.losses), found.best
    limit = "within 0.05 of the minimum" if found.preset.startswith("poly") else "within 10 % of the best pair's loss"
    return ClaimResult(
        id=f"{found.preset}-exponents",
        experiment=found.preset,
        section=SECTIONS[found.preset],
        figure="heat map",
        claim="N1 and N2 need no grid search.",
        paper="any pair",
        measured={
            f"share of {pairs} pairs that end {limit}": good,
            "share that end below the optimizer without AYLA": better,
            "pairs that diverged": found.diverged,
            "best loss": loss,
            "loss of the paper's pair": found.paper_loss,
            "loss without AYLA": found.plain_loss,
        },
        criterion=f"Reproduced: at least {_ALMOST_ALL:.0%} of the pairs end {limit}. Partly: at least {_MOST:.0%}.",
        verdict=verdict(reproduced=good >= _ALMOST_ALL, partly=good >= _MOST),
        note=(
            f"Of {pairs} pairs {good:.0%} end {limit}, {better:.0%} end below the optimizer without AYLA at the same "
            f"learning rate, {found.diverged} diverged. The best pair, N1 = {n1:g} and N2 = {n2:g}, ends at "
            f"{loss:.4f}, the paper's at {found.paper_loss:.4f}, the optimizer without AYLA at {found.plain_loss:.4f}."
        ),
        about=About.FUNCTION,
    )
