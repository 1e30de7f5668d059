"""A name for an optimizer setting that its user did not name."""

from ayla_spec.model import SpecModel
from ayla_spec.optimizers.base import Optimizer

_ABBREVIATIONS = {"learning_rate": "lr", "n1": "N1", "n2": "N2"}


def automatic_label(settings: Optimizer) -> str:
    """A label that tells this setting from others: the optimizer, its learning rate and what is not default."""
    title = f"AYLA-{settings.title}" if settings.ayla else settings.title
    shown = {"learning_rate": settings.learning_rate} | _changed(settings, leave_out={"ayla", "label", "schedule"})
    if settings.schedule is not None:
        shown |= {"schedule": settings.schedule.name} | _changed(settings.schedule)
    if settings.ayla:
        shown |= {"n1": settings.ayla.n1, "n2": settings.ayla.n2} | _changed(settings.ayla)
    return " ".join([title, *(f"{_ABBREVIATIONS.get(key, key)}={_short(value)}" for key, value in shown.items())])


def _changed(settings: SpecModel, leave_out: frozenset[str] | set[str] = frozenset()) -> dict[str, object]:
    return settings.model_dump(exclude_defaults=True, exclude={"name", *leave_out})


def _short(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
