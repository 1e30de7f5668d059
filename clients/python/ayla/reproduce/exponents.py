"""Does AYLA need a grid search over N1 and N2? Heat maps of what each pair of exponents ends at."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ayla.reproduce.claims import About, ClaimResult, percent, verdict
from ayla.reproduce.polynomial_claims import MINIMUM
from ayla.sweeps import HeatMapNumbers

PAPER_EXPONENTS = {"poly-sgd": (1.0, 1.4), "poly-adam": (1.0, 0.57), "curve-a": (1.5, 1.0), "curve-b": (1.8, 0.9)}
SECTIONS = {"poly-sgd": "3.1.a", "poly-adam": "3.1.b", "curve-a": "3.2", "curve-b": "3.2"}

_AT_MINIMUM = 0.05
_AS_GOOD = 1.1
_ALMOST_ALL, _MOST = 0.9, 0.5
# A pair of a polynomial has left the saddle point where it ends by so much below the loss of 2 there, and one of a
# curve ends lower than the optimizer alone where it does by this part of its loss.
_LEFT = 1.9
_THE_SAME = 1e-6
_LOWER = 0.1


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
    def best_pair(self) -> str:
        """The exponents of the best cell in words; where one of them makes no difference, any."""
        n1, n2, loss = self.best
        cells = [cell for cell in self._cells() if abs(cell[2] - loss) <= _THE_SAME]
        if len(cells) > 1 and {x for x, _, _ in cells} == {n1} and len(cells) == len(self.numbers.y.values):
            return f"N1 = {n1:g} with any N2"
        if len(cells) > 1 and {y for _, y, _ in cells} == {n2} and len(cells) == len(self.numbers.x.values):
            return f"N2 = {n2:g} with any N1"
        ties = f", one of {len(cells)} as good" if len(cells) > 1 else ""
        return f"N1 = {n1:g} and N2 = {n2:g}{ties}"

    @property
    def good_loss(self) -> float:
        """The highest loss that is about as good as the best: near the known minimum, or 10 % above the best cell."""
        return MINIMUM + _AT_MINIMUM if self.is_polynomial else _AS_GOOD * self.best[2]

    @property
    def is_polynomial(self) -> bool:
        """Whether it is one of section 3.1."""
        return self.preset.startswith("poly")

    @property
    def lower_loss(self) -> float:
        """The highest loss that is really lower than without AYLA."""
        return _LEFT if self.is_polynomial else (1 - _LOWER) * self.plain_loss

    @property
    def paper_is_as_good(self) -> bool:
        """Whether the paper's pair is about as good as the best."""
        return self.paper_loss <= self.good_loss

    @property
    def different(self) -> list[float]:
        """The losses that pairs end at, each once: pairs that differ in an exponent without effect are copies."""
        return sorted({loss for loss in self.losses if math.isfinite(loss)})

    def share(self, loss: float) -> float:
        """Share of all pairs that end at this loss or below; those that diverged do not."""
        return sum(value <= loss for value in self.losses) / len(self.losses)

    def share_of_different(self, loss: float) -> float:
        """Likewise of the different losses."""
        return sum(value <= loss for value in self.different) / max(1, len(self.different))

    @property
    def diverged(self) -> int:
        """Pairs that diverged."""
        return sum(math.isnan(value) for value in self.losses)

    def _cells(self) -> Iterator[tuple[float, float, float]]:
        for y, row in zip(self.numbers.y.values, self.numbers.panels[0].cells, strict=True):
            yield from ((x, y, loss) for x, loss in zip(self.numbers.x.values, row, strict=True))


def exponent_claim(found: ExponentMap) -> ClaimResult:
    """N1 and N2 need no grid search: almost any pair would then do."""
    good, lower, pairs = found.share(found.good_loss), found.share(found.lower_loss), len(found.losses)
    return ClaimResult(
        id=f"{found.preset}-exponents",
        experiment=found.preset,
        section=SECTIONS[found.preset],
        figure="heat map",
        claim=NO_SEARCH,
        paper="any pair",
        measured={
            f"share of {pairs} pairs that end {_good(found)}": good,
            f"share that {_lower(found)}": lower,
            "different losses": len(found.different),
            "share of the different losses that are so good": found.share_of_different(found.good_loss),
            "pairs that diverged": found.diverged,
            "best loss": found.best[2],
            "loss of the paper's pair": found.paper_loss,
            "loss without AYLA": found.plain_loss,
        },
        criterion=(
            f"Reproduced: at least {percent(_ALMOST_ALL)} of the pairs end {_good(found)}. "
            f"Partly: at least {percent(_MOST)}."
        ),
        verdict=verdict(reproduced=good >= _ALMOST_ALL, partly=good >= _MOST),
        note=_note(found),
        about=About.FUNCTION,
        reading=found.preset,
    )


NO_SEARCH = "N1 and N2 need no grid search."


def _note(found: ExponentMap) -> str:
    pairs, different = len(found.losses), len(found.different)
    copies = (
        "" if found.is_polynomial else f", of the different ones {percent(found.share_of_different(found.good_loss))}"
    )
    return (
        f"The {pairs} pairs end at {different} different losses. Of the pairs "
        f"{percent(found.share(found.good_loss))} end {_good(found)}{copies}; "
        f"{percent(found.share(found.lower_loss))} {_lower(found)}; {found.diverged} diverged. The best pair, "
        f"{found.best_pair}, ends at {found.best[2]:.4f}, the paper's at {found.paper_loss:.4f}, the optimizer "
        f"without AYLA at {found.plain_loss:.4f}."
    )


def _good(found: ExponentMap) -> str:
    return f"within {_AT_MINIMUM:g} of the minimum" if found.is_polynomial else "within 10 % of the best pair's loss"


def _lower(found: ExponentMap) -> str:
    if found.is_polynomial:
        return f"leave the saddle point (end below {_LEFT:g}; its loss is 2)"
    return f"end more than {_LOWER * 100:g} % below the optimizer without AYLA at the same learning rate"


def mild_reading(maps: Sequence[ExponentMap]) -> str:
    """What the maps say of the paper's own pairs, which it has found without a search."""
    good = [found.preset for found in maps if found.paper_is_as_good]
    named = f": {', '.join(good)}" if good else ""
    return (
        "A milder reading is that the paper's own pairs, which it names without a search, are good ones. They are the "
        f"best or as good as it, by the same limits, in {len(good)} of {len(maps)} maps{named}."
    )


def without_effect(found: ExponentMap) -> list[str]:
    """In which of the pairs an exponent had no effect, as the service tells it of the settings."""
    return [note.replace("ayla.n", "N") for note in found.numbers.notes if note.startswith("ayla.n")]
