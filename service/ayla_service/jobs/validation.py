"""Validation of a job: what it would be, without storing it; its number of settings is known before any is made."""

from dataclasses import dataclass

from ayla_spec import ResolvedJobSpec
from ayla_spec.arms import ArmSpace
from ayla_spec.design import plan_points
from ayla_spec.limits import SECONDS_PER_SHARD
from ayla_spec.shards import plan_shards
from ayla_spec.space import Space

from ayla_service.jobs.schemas import ArmPreview, AxisPreview, Validation

_FIRST = 5
"""Settings of an arm that are shown."""

_ARMS = 20
"""Arms of which settings are shown, the first ones."""

_DRAWN = 10_000
"""Numbers that are drawn for an estimate; of larger designs it goes by the first settings."""


def validation_of(resolved: ResolvedJobSpec) -> Validation:
    """The resolved spec of a job, its size and the first settings of its arms."""
    space = Space.of(resolved)
    cost = _cost(space)
    return Validation(
        resolved=resolved,
        trials=space.trials_total,
        shards=cost.shards,
        steps_total=space.trials_total * resolved.budget.steps,
        estimated_seconds=cost.seconds,
        settings=space.settings_total,
        arms=_arms(space),
    )


@dataclass(frozen=True, slots=True)
class _Cost:
    shards: int
    seconds: float


def _cost(space: Space) -> _Cost:
    """Shards and their seconds; of a large design that draws batch sizes or widths by those of its first settings."""
    sample = _sampled(space) if space.has_variants else space
    shards = plan_shards(sample)
    seconds = sum(shard.seconds for shard in shards) * space.trials_total / sample.trials_total
    if sample.trials_total == space.trials_total:
        return _Cost(len(shards), seconds)
    # One for each problem, more where a problem has many trials.
    return _Cost(max(len(shards), round(seconds / SECONDS_PER_SHARD)), seconds)


def _sampled(space: Space) -> Space:
    search = space.spec.search
    if search is None or search.settings is None:
        return space
    most = max(1, _DRAWN // sum(len(arm.axes) for arm in space.arms))
    fewer = search.model_copy(update={"settings": min(most, search.settings)})
    spec = space.spec.model_copy(update={"search": fewer})
    return Space.of(spec, plan_points(spec))


def _arms(space: Space) -> list[ArmPreview]:
    few = space.spec.model_copy(update={"optimizers": space.spec.optimizers[:_ARMS]})
    shown = Space.of(few, plan_points(few, _FIRST))
    return [_preview(shown if arm.entry < _ARMS else None, arm) for arm in space.arms]


def _preview(shown: Space | None, arm: ArmSpace) -> ArmPreview:
    columns = shown.columns(arm.entry, 0, min(_FIRST, arm.settings)) if shown is not None else {}
    points = zip(*(column.tolist() for column in columns.values()), strict=True)
    return ArmPreview(
        arm=arm.name,
        label=arm.label,
        settings=arm.settings,
        axes=[AxisPreview(path=path, points=axis.count) for path, axis in arm.axes.items()],
        first=[dict(zip(columns, point, strict=True)) for point in points],
    )
