"""Notes on many trials at once: which exponents had no effect."""

import numpy as np
import numpy.typing as npt
from ayla_spec.optimizers.effect import LossCounts, effect_notes

from ayla_service.trials.columns import MISSING, TrialColumns

_EXPONENTS = ("ayla.n1", "ayla.n2")
_LOWERED = "ayla.max_scale"


def notes_of(columns: TrialColumns) -> tuple[list[str | None], npt.NDArray[np.int64]]:
    """The notes on trials that have completed or diverged.

    They depend on few facts of a trial: its arm, which exponents are 1, on which side of 1 it had losses, and whether
    its scale is lowered. So they are written once for trials that agree in these.

    Returns:
        The different notes, None for trials without any; and for each trial the place of its notes among them.
    """
    below, above = columns["losses_below_one"], columns["losses_above_one"]
    is_known = columns.has_result & (below != MISSING) & (above != MISSING)
    numbers = {name: columns.layout.numbers(name, columns.setting) for name in (*_EXPONENTS, _LOWERED)}
    facts = (
        is_known,
        below == 0,
        above == 0,
        *(numbers[name] == 1 for name in _EXPONENTS),
        numbers[_LOWERED] < 1,
    )
    codes = columns.arm
    for fact in facts:
        codes = 2 * codes + fact
    _, first, places = np.unique(codes, return_index=True, return_inverse=True)
    return [_notes(columns, place) if is_known[place] else None for place in first.tolist()], places


def _notes(columns: TrialColumns, place: int) -> str | None:
    counts = LossCounts(int(columns["losses_below_one"][place]), int(columns["losses_above_one"][place]))
    settings = columns.layout.settings(int(columns.setting[place]))
    return " ".join(effect_notes(settings, counts)) or None
