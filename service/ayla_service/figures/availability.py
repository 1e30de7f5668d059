"""Availability of figures: which kinds a job has, by its spec alone, and which steps, axes and units fit it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_never

import numpy as np
from ayla_spec import ResolvedJobSpec
from ayla_spec.axes import axes_of, is_axis
from ayla_spec.optimizers import AnyOptimizer
from ayla_spec.optimizers.base import NAMES
from ayla_spec.problems import DatasetProblem, ExpressionProblem
from ayla_spec.space import Space
from sqlalchemy.orm import Session

from ayla_service.comparison.arms import optimizer_title
from ayla_service.errors import FigureUnavailable, InvalidQuery, SpecUnreadable
from ayla_service.figures.cells import hashable, panel_of
from ayla_service.figures.options import KINDS, Across, FigureOptions, Kind
from ayla_service.figures.swept_settings import SweptSetting
from ayla_service.jobs.scoping import job_of, readable_spec
from ayla_service.teams.principal import Principal
from ayla_service.trials.layout import flat
from ayla_service.trials.series import METRICS, Series

MOST_PARAMETERS = 9
"""Parameters that have a panel of their own."""

MOST_PANELS = 4
"""Steps whose predictions are drawn side by side."""

MOST_CELL_PANELS = 6
"""Optimizers whose cells are drawn side by side."""


@dataclass(frozen=True, slots=True)
class FigureJob:
    """Job of which figures are drawn.

    Attributes:
        id: the job.
        name: given by its user.
        spec: resolved.
        swept: settings asked for by number, of a job with axes; empty of others, whose settings are listed.
    """

    id: str
    name: str | None
    spec: ResolvedJobSpec
    swept: Mapping[int, SweptSetting] = field(default_factory=dict)

    def setting(self, number: int) -> AnyOptimizer:
        """A setting by its number; of a job with axes one of those that were asked for."""
        return self.swept[number].optimizer if self.has_axes else self.spec.optimizers[number]

    def entry_of(self, number: int) -> int:
        """Place in the job's optimizers of a setting, or of the arm that it belongs to."""
        return self.swept[number].entry if self.has_axes else number

    def unavailable_reason(self, kind: Kind) -> str | None:
        """Reason why the job has no figure of this kind; None if it has."""
        if self.has_axes and not self.swept and kind is not Kind.HEATMAP and not KINDS[kind].compares:
            return "its numbers are axes, and settings that are not listed one by one have no lines; it can be compared"
        return self._missing(kind)

    def _missing(self, kind: Kind) -> str | None:
        """What of a kind's needs the spec lacks; None if it lacks nothing."""
        match kind:
            case Kind.LOSS | Kind.EFFECTIVE_LR | Kind.STRIP:
                return None
            case Kind.FOREST | Kind.SLOPES | Kind.PERFORMANCE | Kind.DATA | Kind.ECDF:
                return None if len(self.spec.optimizers) > 1 else "it has one optimizer, and nothing to compare it with"
            case Kind.SENSITIVITY | Kind.TUNING:
                return None if self._has_tries else "no arm of it has several settings"
            case Kind.ACCURACY:
                return None if self._has_classes else "only classes have an accuracy"
            case Kind.EPOCHS:
                return None if self.has_epochs else "its problem is an expression, which has no epochs"
            case Kind.PARAMETERS:
                return self._no_parameters(MOST_PARAMETERS)
            case Kind.LANDSCAPE:
                return self._no_parameters(2)
            case Kind.CURVE:
                recorded = self.spec.record.predictions_at
                return None if recorded else "no predictions are recorded (record.predictions_at)"
            case Kind.HEATMAP:
                return self._no_heatmap()
            case _:
                assert_never(kind)

    def require(self, kind: Kind) -> None:
        """Refuse a kind that the job does not have.

        Raises:
            FigureUnavailable: if it does not.
        """
        reason = self.unavailable_reason(kind)
        if reason is not None:
            having = ", ".join(other for other in Kind if self.unavailable_reason(other) is None)
            raise FigureUnavailable(f"The job has no figure '{kind}', as {reason}. It has: {having}.")

    def availability(self) -> Iterator[tuple[Kind, str | None]]:
        """Every kind with the reason why the job does not have it; None if it has."""
        return ((kind, self.unavailable_reason(kind)) for kind in Kind)

    def columns(self, kind: Kind, series: Series | None) -> list[str] | None:
        """Columns that a kind needs of the rows that are read; None for all."""
        parameters = [f"param.{name}" for name in self.parameters]
        match kind:
            case Kind.LOSS if series is not METRICS:
                return ["loss"]
            case Kind.EFFECTIVE_LR:
                return ["effective_lr"]
            case Kind.PARAMETERS:
                return parameters
            case Kind.LANDSCAPE:
                return [*parameters, "loss"]
            case _:
                return None

    @property
    def parameters(self) -> list[str]:
        """Names of the scalars of an expression, in the order of its start point."""
        problem = self.spec.problem
        return list(problem.flat_start) if isinstance(problem, ExpressionProblem) else []

    @property
    def varying(self) -> dict[str, list[object]]:
        """The settings that differ between the job's optimizers, each with its values; None where one lacks it.

        One that only some have, all with its default, is left out: AYLA brings several at once.
        """
        flats = [flat(settings.model_dump(mode="json")) for settings in self.spec.optimizers]
        chosen = {
            name for one in self.spec.optimizers for name in flat(one.model_dump(mode="json", exclude_defaults=True))
        }
        names = dict.fromkeys(name for one in flats for name in one if name not in NAMES)
        found = {name: list(dict.fromkeys(hashable(one.get(name)) for one in flats)) for name in names}
        return {
            name: values
            for name, values in found.items()
            if _has_several(values) or (len(values) > 1 and name in chosen)
        }

    @property
    def steps_per_epoch(self) -> int | None:
        """None where only the worker knows them, from the data, and where batch sizes are an axis."""
        problem = self.spec.problem
        if not isinstance(problem, DatasetProblem):
            return 1
        return None if is_axis(problem.batch_size) else problem.steps_per_epoch

    def across(self, series: Series | None, wanted: Across | None) -> Across:
        """Unit of the horizontal axis of lines over these rows."""
        return wanted or (Across.EPOCH if series is METRICS else Across.STEP)

    @property
    def has_epochs(self) -> bool:
        """Whether its problem is a dataset."""
        return isinstance(self.spec.problem, DatasetProblem)

    @property
    def _has_tries(self) -> bool:
        """Whether an arm has several settings; without arms, an optimizer with or without AYLA."""
        arms = [one.arm or optimizer_title(one.model_dump(mode="json")) for one in self.spec.optimizers]
        return self.has_axes or len(set(arms)) < len(arms)

    @property
    def has_axes(self) -> bool:
        """Whether numbers of it are axes, of its optimizers or its problem."""
        return any(True for one in (*self.spec.optimizers, self.spec.problem) for _ in axes_of(one))

    @property
    def settings_total(self) -> int:
        """Settings of all its optimizers."""
        return Space.of(self.spec).settings_total if self.has_axes else len(self.spec.optimizers)

    @property
    def _has_classes(self) -> bool:
        problem = self.spec.problem
        return isinstance(problem, DatasetProblem) and problem.dataset.has_classes

    def _no_parameters(self, most: int) -> str | None:
        if not self.parameters:
            return "its problem is a dataset, whose model has too many parameters to be shown"
        if len(self.parameters) > most:
            return f"its expression has {len(self.parameters)} parameters, and at most {most} can be shown"
        return None

    def _no_heatmap(self) -> str | None:
        if self.has_axes:
            return (
                f"its numbers are axes: GET /v1/jobs/{self.id}/heatmap?format=svg draws the heat map over two of them"
            )
        varying = self.varying
        if len(varying) >= 2 and any(map(_has_several, varying.values())):
            return None
        what = f"only '{next(iter(varying))}' does" if len(varying) == 1 else "they do not"
        return f"two settings of its optimizers have to vary, and {what}"


def figure_job(session: Session, principal: Principal, job_id: str) -> FigureJob:
    """A job of the caller's team.

    Raises:
        JobNotFound: if there is none.
        FigureUnavailable: if another version of the service wrote its spec, and this one cannot read it.
    """
    job = job_of(session, principal, job_id)
    try:
        return FigureJob(job.id, job.name, readable_spec(job))
    except SpecUnreadable as error:
        raise FigureUnavailable(
            "The job has no figures, as another version of the service wrote its spec, and this one cannot read it."
        ) from error


def check_options(job: FigureJob, kind: Kind, options: FigureOptions) -> None:
    """Refuse options that do not fit the job.

    Raises:
        InvalidQuery: on the first of them.
    """
    if kind is Kind.HEATMAP:
        _check_cell_panels(job, options)
    if kind is Kind.CURVE:
        prediction_steps(job, options.at)
    if kind is Kind.LOSS and options.metric is not None and not job.has_epochs:
        raise InvalidQuery("metric", "The job's problem is an expression, which has no data; leave it out.")
    # Rows of metrics have the epoch themselves.
    if options.across is Across.EPOCH and job.steps_per_epoch is None and options.series(kind) is not METRICS:
        raise InvalidQuery("x", "How many steps an epoch has is only known to the data of this job; use x=step.")


def prediction_steps(job: FigureJob, at: Sequence[int] | None) -> list[int]:
    """Steps whose predictions are drawn: those asked for, or some of the recorded ones with the first and last.

    Raises:
        InvalidQuery: if one that is asked for is not recorded, or if they are too many.
    """
    recorded = job.spec.record.predictions_at
    if at is None:
        places = np.linspace(0, len(recorded) - 1, min(MOST_PANELS, len(recorded))).round()
        return [recorded[int(place)] for place in places]
    unknown = [step for step in at if step not in recorded]
    if unknown:
        known = ", ".join(map(str, recorded))
        raise InvalidQuery("at", f"No predictions are recorded at step {unknown[0]}; they are at {known}.")
    if len(set(at)) > MOST_PANELS:
        raise InvalidQuery("at", f"At most {MOST_PANELS} steps are drawn side by side.")
    return sorted(set(at))


def heatmap_axes(job: FigureJob, options: FigureOptions) -> tuple[str, str]:
    """The settings along the axes of a heat map: those asked for, else those with the most values.

    Raises:
        InvalidQuery: if one that is asked for does not vary, or if both are the same.
    """
    varying = job.varying
    _check_axes(varying, options)
    by_count = sorted(varying, key=lambda name: -sum(value is not None for value in varying[name]))
    free = [name for name in by_count if name not in (options.axis_x, options.axis_y)]
    # In the order of the settings, so that the learning rate, which comes first, is along the columns.
    free[:2] = sorted(free[:2], key=list(varying).index) if options.axis_x is options.axis_y is None else free[:2]
    across = options.axis_x if options.axis_x is not None else free.pop(0)
    up = options.axis_y if options.axis_y is not None else free.pop(0)
    return across, up


def _check_cell_panels(job: FigureJob, options: FigureOptions) -> None:
    """Refuse more panels than can be read side by side."""
    axes = heatmap_axes(job, options)
    chosen = options.optimizers or range(len(job.spec.optimizers))
    drawn = [job.spec.optimizers[place] for place in chosen if place < len(job.spec.optimizers)]
    panels = list(dict.fromkeys(panel_of(one.model_dump(mode="json"), *axes) for one in drawn))
    if len(panels) > MOST_CELL_PANELS:
        raise InvalidQuery(
            "optimizers",
            f"Each optimizer has a panel, and here they would be {len(panels)}: {', '.join(panels[:8])}; name the "
            f"indexes of at most {MOST_CELL_PANELS} of them, or take 'name' as axis_x or axis_y.",
        )


def _check_axes(varying: dict[str, list[object]], options: FigureOptions) -> None:
    for parameter, name in (("axis_x", options.axis_x), ("axis_y", options.axis_y)):
        if name is not None and name not in varying:
            known = ", ".join(list(varying)[:20])
            raise InvalidQuery(parameter, f"'{name[:64]}' does not vary between the job's optimizers; {known} do.")
    if options.axis_x is not None and options.axis_x == options.axis_y:
        raise InvalidQuery("axis_y", "Is the same as axis_x; name another setting.")


def _has_several(values: list[object]) -> bool:
    """Whether there are two values, and not only one and its absence."""
    return sum(value is not None for value in values) > 1
