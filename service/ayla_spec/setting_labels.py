"""Labels of the settings of an arm with axes: the arm's, and where the setting stands on its axes."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from ayla_spec.arms import PROBLEM, ArmSpace
from ayla_spec.axes import Axis, ValuesAxis
from ayla_spec.axis_points import points
from ayla_spec.optimizers.labels import ABBREVIATIONS, cut

SEPARATOR = ": "
"""Between the label of an arm and the rest; no label of another arm may begin with both."""

_DIGITS = 6
_LEAST_PART = 10.0 ** (1 - _DIGITS)
"""What numbers differ by, relative to themselves, so that they differ in so many digits."""


def setting_label(arm: ArmSpace, place: int, numbers: Mapping[str, float], *, is_drawn: bool) -> str:
    """The label of a setting, which no other of its arm has: ``AYLA-Adam: lr=0.01 N1=0.5``.

    Args:
        arm: that it belongs to.
        place: in the arm, from 0.
        numbers: of its axes, by path.
        is_drawn: whether they were drawn, so that some may be alike when they are written: it is numbered then.
    """
    shown = " ".join(f"{_name(path)}={_form(arm.axes[path], is_drawn)(value)}" for path, value in numbers.items())
    return _label(arm, place, shown, is_drawn)


def setting_labels(
    arm: ArmSpace, first: int, columns: Mapping[str, NDArray[np.float64]], *, is_drawn: bool
) -> list[str]:
    """The labels of consecutive settings of an arm, as ``setting_label`` makes them one by one.

    Args:
        arm: that they belong to.
        first: place of the first of them in the arm, from 0.
        columns: their axes, by path, each of shape [settings].
        is_drawn: whether they were drawn.
    """
    parts = [_shown_column(path, column, _form(arm.axes[path], is_drawn)) for path, column in columns.items()]
    shown = zip(*parts, strict=True)
    return [_label(arm, first + place, " ".join(words), is_drawn) for place, words in enumerate(shown)]


def _shown_column(path: str, column: NDArray[np.float64], form: Callable[[float], str]) -> list[str]:
    """A column in words; each of its numbers is written once."""
    name = _name(path)
    different, places = np.unique(column, return_inverse=True)
    words = [f"{name}={form(value)}" for value in different.tolist()]
    return [words[place] for place in places.tolist()]


def _label(arm: ArmSpace, place: int, shown: str, is_drawn: bool) -> str:  # noqa: FBT001
    label = f"{arm.label}{SEPARATOR}{shown}"
    return cut(label, f" #{place + 1}") if is_drawn or cut(label, "") != label else label


def _name(path: str) -> str:
    own = path.removeprefix(PROBLEM)
    last = own.rpartition(".")[2]
    return own if own.startswith(("start.", "model.")) else ABBREVIATIONS.get(last, last)


def _form(axis: Axis, is_drawn: bool) -> Callable[[float], str]:  # noqa: FBT001  # private, and said by its caller
    """How numbers of an axis are written."""
    if axis.is_whole:
        return "{:.0f}".format
    return f"{{:.{_DIGITS}g}}".format if is_drawn or _are_told_apart(axis) else repr


def _are_told_apart(axis: Axis) -> bool:
    """Whether the points of an axis differ in their first digits; those of a range are closest at one of its ends."""
    if isinstance(axis, ValuesAxis):
        return len({f"{value:.{_DIGITS}g}" for value in axis.values}) == axis.count
    count = axis.count or 2
    first, second, last_but_one, last = points(axis, np.array([0, 1, count - 2, count - 1])).tolist()
    pairs = ((first, second), (last_but_one, last))
    return all(abs(one - other) > _LEAST_PART * max(abs(one), abs(other)) for one, other in pairs)
