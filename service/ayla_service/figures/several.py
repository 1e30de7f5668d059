"""Lines of several jobs in one figure: their data together, each optimizer with a place and a label of its own."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ayla_service.errors import InvalidQuery
from ayla_service.figures.availability import FigureJob
from ayla_service.figures.data import FigureData, SettingData
from ayla_service.figures.options import Across, FigureOptions, Kind
from ayla_service.trials.series import METRICS


def options_of(jobs: Sequence[FigureJob], options: FigureOptions) -> list[FigureOptions | None]:
    """The options for each job: optimizers are numbered through all jobs. None for a job of which nothing is drawn.

    Raises:
        InvalidQuery: if there is no such optimizer.
    """
    if options.optimizers is None:
        return [options for _ in jobs]
    total = sum(len(job.spec.optimizers) for job in jobs)
    if not options.optimizers or max(options.optimizers) >= total:
        raise InvalidQuery("optimizers", f"The jobs have {total} optimizers, numbered from 0 through all of them.")
    found: list[FigureOptions | None] = []
    for job, first in zip(jobs, _starts(jobs), strict=True):
        own = tuple(place - first for place in options.optimizers if 0 <= place - first < len(job.spec.optimizers))
        found.append(replace(options, optimizers=own) if own else None)
    return found


def check_epochs(jobs: Sequence[FigureJob], kind: Kind, options: FigureOptions) -> None:
    """Refuse epochs where they are of different lengths, and only the step is recorded.

    Raises:
        InvalidQuery: if they are.
    """
    lengths = {job.steps_per_epoch for job in jobs}
    if options.across is Across.EPOCH and options.series(kind) is not METRICS and len(lengths) > 1:
        raise InvalidQuery("x", "The jobs' epochs have different numbers of steps; use x=step.")


def together(jobs: Sequence[FigureJob], found: Sequence[FigureData | None]) -> FigureData:
    """The data of all jobs. A label that several jobs have stands with the name of the job."""
    several = Counter(label for data in found if data is not None for label in {one.label for one in data.settings})
    settings = [
        _placed(one, job, first, is_shared=several[one.label] > 1)
        for job, first, data in zip(jobs, _starts(jobs), found, strict=True)
        for one in (data.settings if data is not None else ())
    ]
    drawn = [data for data in found if data is not None]
    counts = {data.seeds for data in drawn}
    most = max(drawn, key=lambda data: data.seeds_total)
    return FigureData(settings, max(counts), max(most.seeds_total, *counts), unequal=len(counts) > 1)


def _placed(setting: SettingData, job: FigureJob, first: int, *, is_shared: bool) -> SettingData:
    label = f"{setting.label} ({job.name or job.id[:8]})" if is_shared else setting.label
    return replace(setting, index=first + setting.index, label=label)


def _starts(jobs: Sequence[FigureJob]) -> list[int]:
    """The place of the first optimizer of each job among those of all."""
    counts = [len(job.spec.optimizers) for job in jobs]
    return [sum(counts[:place]) for place in range(len(jobs))]
