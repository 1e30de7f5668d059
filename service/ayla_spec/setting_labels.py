"""Labels of the settings of an arm with axes: the arm's, and where the setting stands on its axes."""

from collections.abc import Mapping

from ayla_spec.arms import PROBLEM, ArmSpace
from ayla_spec.axes import Axis, ValuesAxis
from ayla_spec.axis_points import point
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
    shown = " ".join(f"{_name(path)}={_short(value, arm.axes[path], is_drawn)}" for path, value in numbers.items())
    label = f"{arm.label}{SEPARATOR}{shown}"
    number = f" #{place + 1}"
    return cut(label, number) if is_drawn or cut(label, "") != label else label


def _name(path: str) -> str:
    own = path.removeprefix(PROBLEM)
    last = own.rpartition(".")[2]
    return own if own.startswith(("start.", "model.")) else ABBREVIATIONS.get(last, last)


def _short(value: float, axis: Axis, is_drawn: bool) -> str:  # noqa: FBT001  # private, and said by its caller
    if axis.is_whole:
        return f"{value:.0f}"
    return f"{value:.{_DIGITS}g}" if is_drawn or _are_told_apart(axis) else repr(value)


def _are_told_apart(axis: Axis) -> bool:
    """Whether the points of an axis differ in their first digits; those of a range are closest at one of its ends."""
    if isinstance(axis, ValuesAxis):
        return len({f"{value:.{_DIGITS}g}" for value in axis.values}) == axis.count
    count = axis.count or 2
    pairs = [(point(axis, place), point(axis, place + 1)) for place in (0, count - 2)]
    return all(abs(one - other) > _LEAST_PART * max(abs(one), abs(other)) for one, other in pairs)
