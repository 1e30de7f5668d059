"""Effect of AYLA's exponents on a run, by how many of its losses were below and above 1 (eq. 1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ayla_spec.optimizers.ayla import Ayla
from ayla_spec.optimizers.base import nameless


@dataclass(frozen=True, slots=True)
class LossCounts:
    """Losses below and above 1 that an update followed, of one run or of several.

    One loss for each update, or with ``transform_on = "sample"`` one for each of its samples: |residual|, with
    cross-entropy the sample's loss. Losses of exactly 0 or 1 are on neither side: there n is 1.

    Attributes:
        below: in size below 1.
        above: in size above 1.
    """

    below: int
    above: int

    @classmethod
    def known(cls, below: int | None, above: int | None) -> "LossCounts | None":
        """The counts of a run; None where nobody has counted."""
        return None if below is None or above is None else cls(below, above)

    def __add__(self, other: "LossCounts") -> "LossCounts":
        return LossCounts(self.below + other.below, self.above + other.above)


def effect_notes(settings: Mapping[str, Any], loss_counts: LossCounts | None) -> list[str]:
    """Notes on exponents that had no effect: a sentence for each, and for AYLA as a whole.

    Args:
        settings: of an optimizer, resolved.
        loss_counts: of its runs; nothing is said where they are not known.
    """
    ayla = _ayla(settings)
    if ayla is None or loss_counts is None:
        return []
    idle = [name for name, exponent, losses in _exponents(ayla, loss_counts) if exponent != 1 and not losses]
    notes = [f"{name} had no effect, as {_WHERE[ayla.transform_on, name]}." for name in idle]
    if idle and not _acts(ayla, loss_counts):
        notes.append("So AYLA changed nothing: the run is that of the optimizer without it.")
    return notes


def effective(settings: Mapping[str, Any], loss_counts: LossCounts | None) -> dict[str, Any]:
    """The settings without names and without what had no effect: runs of one problem that agree in them are copies.

    Two runs from one start have the same trajectory as long as their losses stay where the same exponents act.

    Args:
        settings: of an optimizer, resolved.
        loss_counts: of its runs; None leaves AYLA as it is.
    """
    left = nameless(settings)
    ayla = _ayla(settings)
    if ayla is None or loss_counts is None:
        return left
    acting = {name.lower(): exponent if losses else None for name, exponent, losses in _exponents(ayla, loss_counts)}
    return left | {"ayla": ayla.model_dump() | acting if _acts(ayla, loss_counts) else None}


_WHERE = {
    ("loss", "N1"): "the loss was between 0 and 1 in size on no step",
    ("loss", "N2"): "the loss was above 1 in size on no step",
    ("sample", "N1"): "no sample's residual (with cross-entropy its loss) was between 0 and 1 in size",
    ("sample", "N2"): "no sample's residual (with cross-entropy its loss) was above 1 in size",
}


def _exponents(ayla: Ayla, loss_counts: LossCounts) -> tuple[tuple[str, float, int], ...]:
    """Name and value of each exponent, and how many losses it is for."""
    return ("N1", ayla.n1, loss_counts.below), ("N2", ayla.n2, loss_counts.above)


def _acts(ayla: Ayla, loss_counts: LossCounts) -> bool:
    """Whether any step can have been other than without AYLA; a max_scale below 1 also lowers a scale of 1."""
    lowers = ayla.max_scale is not None and ayla.max_scale < 1
    return lowers or any(exponent != 1 and losses for _, exponent, losses in _exponents(ayla, loss_counts))


def _ayla(settings: Mapping[str, Any]) -> Ayla | None:
    found = settings.get("ayla")
    return None if found is None else Ayla.model_validate(found)
