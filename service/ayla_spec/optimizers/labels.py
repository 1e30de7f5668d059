"""Labels of the optimizers of a job: those that the user gave, and one made from the settings where there is none."""

from ayla_spec.axes import is_axis
from ayla_spec.limits import MAX_NAME_LENGTH
from ayla_spec.model import SpecModel
from ayla_spec.optimizers.base import NAMES, Optimizer
from ayla_spec.optimizers.settings import AnyOptimizer

ABBREVIATIONS = {"learning_rate": "lr", "n1": "N1", "n2": "N2"}


def labelled(optimizers: list[AnyOptimizer]) -> list[AnyOptimizer]:
    """Every entry with a label; a label that is made twice, or names an arm of others, gets a number.

    What an entry has axes for is left out of its label: each of its settings has a label of its own.
    """
    taken = {name for settings in optimizers for name in (settings.label, settings.arm) if name is not None}
    filled: list[AnyOptimizer] = []
    for settings in optimizers:
        label = settings.label or _free(_automatic_label(settings), taken)
        taken.add(label)
        filled.append(settings.model_copy(update={"label": label}))
    return filled


def _automatic_label(settings: Optimizer) -> str:
    """A label that tells this setting from others: the optimizer, its learning rate and what is not default."""
    title = f"AYLA-{settings.title}" if settings.ayla else settings.title
    shown = _fixed(settings, "learning_rate") | _changed(settings, leave_out={"ayla", "schedule"} | NAMES)
    if settings.schedule is not None:
        shown |= {"schedule": settings.schedule.name} | _changed(settings.schedule)
    if settings.ayla:
        shown |= _fixed(settings.ayla, "n1", "n2") | _changed(settings.ayla)
    return " ".join([title, *(f"{ABBREVIATIONS.get(key, key)}={_short(value)}" for key, value in shown.items())])


def _fixed(settings: SpecModel, *names: str) -> dict[str, object]:
    """Those of the fields that have no axis."""
    return {name: value for name in names if not is_axis(value := getattr(settings, name))}


def _changed(settings: SpecModel, leave_out: frozenset[str] | set[str] = frozenset()) -> dict[str, object]:
    return {
        name: value
        for name, value in settings
        if name not in leave_out and name != "name" and not is_axis(value) and value != _default(settings, name)
    }


def _default(settings: SpecModel, name: str) -> object:
    return type(settings).model_fields[name].get_default()


def _short(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _free(label: str, taken: set[str]) -> str:
    candidate, number = cut(label, ""), 1
    while candidate in taken:
        number += 1
        candidate = cut(label, f" #{number}")
    return candidate


def cut(label: str, suffix: str) -> str:
    """The label with its suffix, cut to what a label may have: one with every setting changed is longer."""
    room = MAX_NAME_LENGTH - len(suffix)
    return (label if len(label) <= room else f"{label[: room - 1]}…") + suffix
